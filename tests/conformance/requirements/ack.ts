import { ALL, FROM_1_1, ONLY_1_0, ONLY_1_1, ONLY_1_2, type Requirement, rows, type Status } from '../requirement.js'

const NO_ACKS: Status = { deferred: 'queues and acknowledgement are not built yet' }
const CLIENTS_PART: Status = { notOurs: 'a duty of clients' }

const modes = rows(
  { section: 'SUBSCRIBE ack Header', versions: FROM_1_1, area: 'ack', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/ack-mode/values',
      level: 'states',
      status: NO_ACKS,
      text: '`auto`, `client` and `client-individual` are the ack modes.',
    },
    {
      id: '1.0/ack-mode/values',
      versions: ONLY_1_0,
      section: 'SUBSCRIBE',
      level: 'states',
      status: NO_ACKS,
      text: '`auto` and `client` are the ack modes of 1.0.',
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
      id: '1.2/ack-mode/client-sends-acks',
      side: 'client',
      level: 'MUST',
      status: CLIENTS_PART,
      text: 'In mode `client` the client acknowledges what it processed.',
    },
    {
      id: '1.2/ack-mode/client-unacked-may-return',
      level: 'MAY',
      status: NO_ACKS,
      text: 'A message that is not acknowledged when its connection ends may go to another client.',
    },
    {
      id: '1.2/ack-mode/client-is-cumulative',
      level: 'states',
      status: NO_ACKS,
      text: 'In mode `client` an ACK also covers every message sent to the subscription before.',
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
      status: NO_ACKS,
      text: 'In mode `client-individual` an ACK or NACK never covers an earlier message.',
    },
  ],
)

const frames = rows({ section: 'ACK', versions: ALL, area: 'ack', side: 'server', provenBy: ['server'] }, [
  {
    id: '1.2/ack/consumed-only-when-acked',
    level: 'states',
    status: NO_ACKS,
    text: 'Outside mode `auto` a message counts as consumed only when it is acknowledged.',
  },
  {
    id: '1.2/ack/id',
    versions: ONLY_1_2,
    level: 'MUST',
    status: NO_ACKS,
    text: 'ACK carries an id that equals the ack header of its MESSAGE.',
  },
  {
    id: '1.1/ack/message-id-and-subscription',
    versions: ONLY_1_1,
    level: 'MUST',
    status: NO_ACKS,
    text: 'A 1.1 ACK carries message-id and subscription of its MESSAGE.',
  },
  {
    id: '1.0/ack/message-id',
    versions: ONLY_1_0,
    level: 'MUST',
    status: NO_ACKS,
    text: 'A 1.0 ACK carries message-id of its MESSAGE.',
  },
  {
    id: '1.2/ack/transaction',
    level: 'MAY',
    status: NO_ACKS,
    text: 'An ACK with a transaction header takes effect with that transaction.',
  },
  {
    id: '1.2/nack/not-consumed',
    section: 'NACK',
    versions: FROM_1_1,
    level: 'states',
    status: NO_ACKS,
    text: 'NACK says that a message was not consumed, and the server gives it to another client, drops it or sets it aside.',
  },
  {
    id: '1.2/nack/headers',
    section: 'NACK',
    versions: FROM_1_1,
    level: 'MUST',
    status: NO_ACKS,
    text: 'NACK takes the same headers as ACK.',
  },
  {
    id: '1.2/nack/scope',
    section: 'NACK',
    versions: FROM_1_1,
    level: 'states',
    status: NO_ACKS,
    text: 'NACK covers one message in mode `client-individual`, and all open ones up to it in mode `client`.',
  },
  {
    id: '1.2/message/ack-header',
    section: 'MESSAGE',
    versions: ONLY_1_2,
    level: 'MUST',
    status: NO_ACKS,
    text: 'MESSAGE of a subscription that wants acknowledgement carries an ack header.',
  },
])

/** Ack modes, ACK and NACK. */
export const ackRequirements: readonly Requirement[] = [...modes, ...frames]
