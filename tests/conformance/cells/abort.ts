import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import {
  answer,
  connect,
  disconnect,
  given,
  nothingElse,
  refused,
  remains,
  send,
  subscribe,
  transact,
} from './conversation.js'

/** ABORT. */
export const abortCells: readonly ServerCell[] = [
  serverCell(
    ['1.2/abort/rolls-back', '1.2/begin/atomic', '1.2/send/transaction'],
    'sends nothing of what was sent in the transaction, and opens again what it acknowledged',
    async (t) => {
      const seen = await connect(t)
      for (const destination of ['/topic/a', '/queue/b']) await subscribe(seen, destination, destination)
      const { client, frame } = await given(t)
      await transact(client, 'BEGIN')
      for (const destination of ['/topic/a', '/queue/b'])
        await send(client, destination, 'lost', { transaction: 'tx1' })
      await answer(client, 'ACK', frame, { transaction: 'tx1' })
      await transact(client, 'ABORT')
      await nothingElse(seen)
      await disconnect(client)
      await nothingElse(seen)
      await remains(t, 'hello')
    },
  ),
  serverCell(
    ['1.2/abort/transaction-required', 'E14', 'ours/transaction/unknown-is-refused'],
    'refuses ABORT without a transaction header, and with that of none that is open',
    async (t) => {
      for (const [headers, said] of [
        [{}, "'transaction'"],
        [{ transaction: 'tx2' }, "'tx2'"],
      ] as const) {
        const client = await connect(t)
        await transact(client, 'BEGIN')
        client.send({ command: 'ABORT', headers: { ...headers, receipt: 'r' } })
        const error = await refused(client)
        expect([error.headers.get('message'), error.headers.get('receipt-id')]).toEqual([
          expect.stringContaining(said),
          'r',
        ])
      }
    },
  ),
  serverCell(
    ['1.2/abort/transaction-required', 'ours/transaction/unknown-is-refused'],
    'refuses to abort a transaction that has ended',
    async (t) => {
      for (const end of ['COMMIT', 'ABORT'] as const) {
        const client = await connect(t)
        await transact(client, 'BEGIN')
        await transact(client, end)
        client.send({ command: 'ABORT', headers: { transaction: 'tx1', receipt: 'r' } })
        expect((await refused(client)).headers.get('receipt-id')).toBe('r')
      }
    },
  ),
]
