import { ALL, ONLY_1_0, ONLY_1_1, ONLY_1_2, type Requirement, rows } from '../requirement.js'

/** ACK, and the header of MESSAGE that it answers. */
export const ackRequirements: readonly Requirement[] = rows(
  { section: 'ACK', versions: ALL, area: 'ack', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/ack/consumed-only-when-acked',
      level: 'states',
      text: 'Outside mode `auto` a message counts as consumed only when it is acknowledged.',
    },
    {
      id: '1.1/ack/nack-answers-too',
      versions: ONLY_1_1,
      level: 'states',
      text: 'A message is open until an ACK or a NACK answers it.',
    },
    {
      id: '1.2/ack/id',
      versions: ONLY_1_2,
      level: 'MUST',
      text: 'ACK carries an id that equals the ack header of its MESSAGE; without, or with another, it is refused.',
    },
    {
      id: '1.1/ack/message-id-and-subscription',
      versions: ONLY_1_1,
      level: 'MUST',
      text: 'ACK carries message-id and subscription of its MESSAGE, both; without one, or with those of no open message, it is refused.',
    },
    {
      id: '1.0/ack/message-id',
      versions: ONLY_1_0,
      level: 'MUST',
      text: 'ACK carries message-id of its MESSAGE; without, or with that of no open message, it is refused.',
    },
    {
      id: '1.2/ack/transaction',
      level: 'MAY',
      text: 'An ACK with a transaction header takes effect with that transaction: at COMMIT, not before, and never after ABORT.',
    },
    {
      id: '1.2/message/ack-header',
      section: 'MESSAGE',
      versions: ONLY_1_2,
      level: 'MUST',
      text: 'MESSAGE of a subscription that wants acknowledgement, and no other, carries an ack header.',
    },
  ],
)
