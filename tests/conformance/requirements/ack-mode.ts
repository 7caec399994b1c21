import { ALL, FROM_1_1, ONLY_1_0, ONLY_1_2, type Requirement, rows, type Status } from '../requirement.js'

const CLIENTS_PART: Status = { notOurs: 'a duty of clients' }

/** The ack modes of SUBSCRIBE. */
export const ackModeRequirements: readonly Requirement[] = rows(
  { section: 'SUBSCRIBE ack Header', versions: FROM_1_1, area: 'ack', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/ack-mode/values',
      level: 'states',
      text: '`auto`, `client` and `client-individual` are the ack modes; any other value is refused.',
    },
    {
      id: '1.0/ack-mode/values',
      versions: ONLY_1_0,
      section: 'SUBSCRIBE',
      level: 'states',
      text: '`auto` and `client` are the ack modes of 1.0; a value that no version knows is refused.',
    },
    {
      id: '1.2/ack-mode/auto-is-the-default',
      versions: ALL,
      level: 'states',
      text: 'A subscription without an ack header is in mode `auto`.',
    },
    {
      id: '1.2/ack-mode/auto-needs-no-ack',
      level: 'states',
      text: 'In mode `auto` a message counts as received once it is sent, and no ACK is waited for.',
    },
    {
      id: '1.2/ack-mode/auto-may-lose',
      level: 'states',
      text: 'In mode `auto` a message on its way to a client that is lost is lost too: nobody else gets it.',
    },
    {
      id: '1.2/ack-mode/client-sends-acks',
      side: 'client',
      level: 'MUST',
      status: CLIENTS_PART,
      text: 'In mode `client` the client acknowledges what it processed.',
    },
    {
      id: '1.2/ack-mode/client-unacked-may-return',
      level: 'MAY',
      text: 'A message that is not acknowledged when its connection ends may go to another client.',
    },
    {
      id: '1.2/ack-mode/client-is-cumulative',
      level: 'states',
      text: 'In mode `client` an ACK also covers every message sent to the subscription before, and none sent after.',
    },
    {
      id: '1.2/ack-mode/nack-what-was-not-processed',
      versions: ONLY_1_2,
      side: 'client',
      level: 'SHOULD',
      status: CLIENTS_PART,
      text: 'A client sends NACK for messages it did not process.',
    },
    {
      id: '1.2/ack-mode/individual-is-not-cumulative',
      level: 'MUST NOT',
      text: 'In mode `client-individual` an ACK or NACK never covers an earlier message.',
    },
  ],
)
