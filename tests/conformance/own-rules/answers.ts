import { ALL, FROM_1_1, ONLY_1_0, type Requirement, rows } from '../requirement.js'

const acks = rows({ section: 'Acknowledgement', versions: ALL, area: 'ack', side: 'server', provenBy: ['server'] }, [
  {
    id: 'ours/ack-mode/unknown',
    area: 'error',
    level: 'MUST',
    text: 'SUBSCRIBE with an ack value that no version knows gets an ERROR that names it.',
  },
  {
    id: 'ours/ack-mode/all-in-1.0',
    versions: ONLY_1_0,
    level: 'MUST',
    text: 'In 1.0, too, mode `client` is cumulative, and `client-individual` and NACK are there.',
  },
  {
    id: 'ours/ack-mode/credit',
    level: 'MUST',
    text: 'A subscription holds no more unacknowledged messages than its prefetch-count, 100 without one; each answer makes room.',
  },
  {
    id: 'ours/ack-mode/credit-only-on-topics',
    level: 'MUST',
    text: 'On a topic acknowledgement makes room, and nothing that was delivered comes again.',
  },
  {
    id: 'ours/ack/unknown-is-refused',
    area: 'error',
    level: 'MUST',
    text: 'ACK and NACK that name no open delivery of their session get an ERROR that names the command, with the receipt-id.',
  },
  {
    id: 'ours/ack/harmless-in-auto',
    versions: ['1.0', '1.1'],
    level: 'MUST',
    text: 'An ACK for a message of a subscription in mode `auto` is no error and changes nothing.',
  },
  {
    id: 'ours/ack/within-its-subscription',
    level: 'MUST',
    text: 'An answer never counts for another subscription, of the same or of another session.',
  },
  {
    id: 'ours/nack/comes-back-at-once',
    versions: FROM_1_1,
    level: 'MUST',
    text: 'A refused message comes again at its old place, with the same message-id, redelivered:true and the count of its deliveries.',
  },
  {
    id: 'ours/nack/dead-letter',
    versions: FROM_1_1,
    level: 'MUST',
    text: 'A message that came back after its twentieth delivery goes to the queue of dead letters, with where it was and why.',
  },
])

const transactions = rows(
  { section: 'Transactions', versions: ALL, area: 'transaction', side: 'server', provenBy: ['server'] },
  [
    {
      id: 'ours/transaction/unknown-is-refused',
      area: 'error',
      level: 'MUST',
      text: 'A frame that names a transaction which is not open gets an ERROR that names it, and has no effect.',
    },
    {
      id: 'ours/transaction/frames-are-receipted-at-once',
      area: 'receipt',
      level: 'MUST',
      text: 'A frame of a transaction is receipted when it is taken in, not at COMMIT.',
    },
    {
      id: 'ours/transaction/checked-when-taken-in',
      area: 'error',
      level: 'MUST',
      text: 'A SEND that is forbidden or leads nowhere is refused when it is taken into a transaction, not at COMMIT.',
    },
    {
      id: 'ours/transaction/routes-after-the-commit',
      level: 'MUST',
      text: 'Message routes to which a transaction sends run after its COMMIT, and never after ABORT.',
    },
    {
      id: 'ours/transaction/limit',
      area: 'error',
      level: 'MUST',
      text: 'A session has 16 open transactions at most; one more gets ERROR.',
    },
    {
      id: 'ours/transaction/ends-with-the-session',
      level: 'MUST',
      text: 'Transactions that are open when the session ends, however it ends, are undone in every version.',
    },
  ],
)

/** ACK, NACK and transactions, where the specifications leave room. */
export const answerRules: readonly Requirement[] = [...acks, ...transactions]
