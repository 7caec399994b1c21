import { ALL, FROM_1_1, ONLY_1_2, type Requirement, rows, type Status } from '../requirement.js'

export const NO_TRANSACTIONS: Status = { deferred: 'transactions are not built yet' }

/** BEGIN, COMMIT and ABORT. */
export const transactionRequirements: readonly Requirement[] = rows(
  { section: 'BEGIN', versions: ALL, area: 'transaction', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/begin/atomic',
      level: 'states',
      status: NO_TRANSACTIONS,
      text: 'What is sent and acknowledged in a transaction takes effect together or not at all.',
    },
    {
      id: '1.2/begin/transaction-required',
      level: 'MUST',
      status: NO_TRANSACTIONS,
      text: 'BEGIN carries a transaction header.',
    },
    {
      id: '1.2/begin/identifiers-differ',
      versions: ONLY_1_2,
      level: 'MUST',
      status: NO_TRANSACTIONS,
      text: 'Two open transactions of one connection never share an identifier.',
    },
    {
      id: '1.2/begin/implicit-abort',
      versions: FROM_1_1,
      level: 'states',
      status: NO_TRANSACTIONS,
      text: 'DISCONNECT or the loss of the connection aborts every open transaction.',
    },
    {
      id: '1.2/commit/commits',
      section: 'COMMIT',
      level: 'states',
      status: NO_TRANSACTIONS,
      text: 'COMMIT commits the transaction.',
    },
    {
      id: '1.2/commit/transaction-required',
      section: 'COMMIT',
      level: 'MUST',
      status: NO_TRANSACTIONS,
      text: 'COMMIT carries the identifier of an open transaction.',
    },
    {
      id: '1.2/abort/rolls-back',
      section: 'ABORT',
      level: 'states',
      status: NO_TRANSACTIONS,
      text: 'ABORT undoes the transaction.',
    },
    {
      id: '1.2/abort/transaction-required',
      section: 'ABORT',
      level: 'MUST',
      status: NO_TRANSACTIONS,
      text: 'ABORT carries the identifier of an open transaction.',
    },
  ],
)
