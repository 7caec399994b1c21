import { ALL, FROM_1_1, ONLY_1_2, type Requirement, rows } from '../requirement.js'

/** BEGIN, COMMIT and ABORT. */
export const transactionRequirements: readonly Requirement[] = rows(
  { section: 'BEGIN', versions: ALL, area: 'transaction', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/begin/atomic',
      level: 'states',
      text: 'What is sent and acknowledged in a transaction takes effect together or not at all.',
    },
    {
      id: '1.2/begin/transaction-required',
      level: 'MUST',
      text: 'BEGIN without a transaction header is refused.',
    },
    {
      id: '1.2/begin/identifier-binds',
      level: 'states',
      text: 'The identifier binds SEND, ACK, NACK, COMMIT and ABORT to their transaction when a connection has several; frames without it act at once.',
    },
    {
      id: '1.2/begin/identifiers-differ',
      versions: ONLY_1_2,
      level: 'MUST',
      text: 'Two open transactions of one connection never share an identifier; other connections may use the same.',
    },
    {
      id: '1.2/begin/implicit-abort',
      versions: FROM_1_1,
      level: 'states',
      text: 'DISCONNECT or the loss of the connection aborts every open transaction.',
    },
    {
      id: '1.2/commit/commits',
      section: 'COMMIT',
      level: 'states',
      text: 'COMMIT brings about what was sent and acknowledged in the transaction, in its order.',
    },
    {
      id: '1.2/commit/transaction-required',
      section: 'COMMIT',
      level: 'MUST',
      text: 'COMMIT without the identifier of an open transaction is refused.',
    },
    {
      id: '1.2/abort/rolls-back',
      section: 'ABORT',
      level: 'states',
      text: 'ABORT undoes the transaction: nothing is sent, and what it acknowledged is open again.',
    },
    {
      id: '1.2/abort/transaction-required',
      section: 'ABORT',
      level: 'MUST',
      text: 'ABORT without the identifier of an open transaction is refused.',
    },
  ],
)
