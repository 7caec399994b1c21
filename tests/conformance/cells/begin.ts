import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import type { Harness, WireClient } from '../harness.js'
import { FROM_1_1, ONLY_1_2 } from '../requirement.js'
import {
  answer,
  connect,
  disconnect,
  exactly,
  given,
  message,
  nothingElse,
  receipt,
  refused,
  remains,
  send,
  subscribe,
  transact,
} from './conversation.js'

/** Somebody who sees what is published. */
async function witness(t: Harness, ...destinations: readonly string[]): Promise<WireClient> {
  const client = await connect(t)
  for (const destination of destinations) await subscribe(client, destination, destination)
  return client
}

const beginning: readonly ServerCell[] = [
  serverCell(
    ['1.2/begin/transaction-required', 'E14'],
    'refuses BEGIN without a transaction header, and names it',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'BEGIN', headers: { receipt: 'r' } })
      const error = await refused(client)
      expect([error.headers.get('message'), error.headers.get('receipt-id')]).toEqual([
        expect.stringContaining("'transaction'"),
        'r',
      ])
    },
  ),
  serverCell(
    ['1.2/receipt/any-client-frame', '1.2/receipt/answered', '1.1/receipt/no-body', '1.2/receipt/receipt-id'],
    'answers BEGIN, COMMIT and ABORT that ask with a RECEIPT that carries receipt-id alone',
    async (t) => {
      const client = await connect(t)
      for (const [command, transaction] of [
        ['BEGIN', '1'],
        ['COMMIT', '1'],
        ['BEGIN', '2'],
        ['ABORT', '2'],
      ] as const) {
        client.send({ command, headers: { transaction, receipt: `my ${command}` } })
        const frame = await receipt(client, `my ${command}`)
        expect([...frame.headers]).toEqual([['receipt-id', `my ${command}`]])
        expect(frame.body).toHaveLength(0)
      }
    },
  ),
  serverCell(
    '1.2/begin/identifiers-differ',
    'refuses a second BEGIN of the same identifier while the first is open',
    async (t) => {
      const client = await connect(t)
      await transact(client, 'BEGIN')
      client.send({ command: 'BEGIN', headers: { transaction: 'tx1', receipt: 'r' } })
      const error = await refused(client)
      expect([error.headers.get('message'), error.headers.get('receipt-id')]).toEqual([
        expect.stringContaining("'tx1'"),
        'r',
      ])
    },
  ),
  serverCell(
    '1.2/begin/identifiers-differ',
    'lets an identifier be used again when its transaction has ended, and by another connection meanwhile',
    async (t) => {
      const seen = await witness(t, '/topic/a')
      const [one, other] = [await connect(t), await connect(t)]
      for (const client of [one, other]) await transact(client, 'BEGIN')
      await send(one, '/topic/a', 'of one', { transaction: 'tx1' })
      await send(other, '/topic/a', 'of the other', { transaction: 'tx1' })
      await transact(other, 'ABORT')
      await nothingElse(seen)
      await transact(one, 'COMMIT')
      await exactly(seen, 'of one')
      for (const end of ['COMMIT', 'ABORT'] as const) {
        await transact(one, 'BEGIN')
        await transact(one, end)
      }
      await nothingElse(seen)
    },
    ONLY_1_2,
  ),
  serverCell(
    '1.2/begin/identifier-binds',
    'keeps several open transactions of one connection apart, and acts at once on what belongs to none',
    async (t) => {
      const seen = await witness(t, '/topic/a')
      const client = await connect(t)
      for (const name of ['x', 'y', 'a:b ü']) await transact(client, 'BEGIN', name)
      for (const i of [1, 2]) {
        for (const transaction of ['x', 'y', 'a:b ü']) {
          await send(client, '/topic/a', `${transaction}${i}`, { transaction })
        }
        await send(client, '/topic/a', `at once ${i}`)
      }
      await exactly(seen, 'at once 1', 'at once 2')
      await transact(client, 'COMMIT', 'y')
      await exactly(seen, 'y1', 'y2')
      await transact(client, 'ABORT', 'x')
      await transact(client, 'COMMIT', 'a:b ü')
      await exactly(seen, 'a:b ü1', 'a:b ü2')
    },
  ),
  serverCell(
    ['ours/transaction/limit', '1.2/limits/of-the-implementation'],
    'refuses one open transaction more than it takes, and counts those that ended no longer',
    async (t) => {
      const client = await connect(t)
      for (let i = 0; i < 16; i++) await transact(client, 'BEGIN', String(i))
      await transact(client, 'COMMIT', '3')
      await transact(client, 'ABORT', '7')
      for (const name of ['in its place', 'and in that']) await transact(client, 'BEGIN', name)
      client.send({ command: 'BEGIN', headers: { transaction: 'one more', receipt: 'r' } })
      expect((await refused(client)).headers.get('receipt-id')).toBe('r')
    },
  ),
]

const losing: readonly ServerCell[] = [
  serverCell(
    ['1.2/begin/implicit-abort', 'ours/transaction/ends-with-the-session'],
    'undoes open transactions at DISCONNECT',
    async (t) => {
      const seen = await witness(t, '/topic/a', '/queue/b')
      const { client, frame } = await given(t)
      for (const name of ['tx1', 'tx2']) {
        await transact(client, 'BEGIN', name)
        await send(client, '/topic/a', name, { transaction: name })
        await send(client, '/queue/b', name, { transaction: name })
      }
      await answer(client, 'ACK', frame, { transaction: 'tx2' })
      await disconnect(client)
      await nothingElse(seen)
      await remains(t, 'hello')
    },
  ),
  serverCell(
    ['1.2/begin/implicit-abort', 'ours/transaction/ends-with-the-session'],
    'undoes open transactions when the connection is lost',
    async (t) => {
      for (const go of ['leave', 'reset'] as const) {
        const seen = await witness(t, '/topic/a', '/queue/b')
        const { client, frame } = await given(t)
        await transact(client, 'BEGIN')
        await send(client, '/topic/a', 'lost', { transaction: 'tx1' })
        await send(client, '/queue/b', 'lost', { transaction: 'tx1' })
        await answer(client, 'ACK', frame, { transaction: 'tx1' })
        const heir = await connect(t)
        await subscribe(heir, '/queue/a', 'heir')
        client[go]()
        // What it held has come back: so the loss was noticed.
        expect((await message(heir)).text).toBe('hello')
        await nothingElse(seen)
        await disconnect(heir)
        await disconnect(seen)
      }
    },
  ),
  serverCell(
    ['1.2/begin/implicit-abort', 'ours/transaction/ends-with-the-session'],
    'undoes open transactions when the session ends by an ERROR',
    async (t) => {
      const seen = await witness(t, '/topic/a')
      const { client, frame } = await given(t)
      await transact(client, 'BEGIN')
      await send(client, '/topic/a', 'lost', { transaction: 'tx1' })
      await answer(client, 'ACK', frame, { transaction: 'tx1' })
      client.send({ command: 'SEND', headers: { destination: '/nowhere' } })
      await refused(client)
      await nothingElse(seen)
      await remains(t, 'hello')
    },
    FROM_1_1,
  ),
]

/** BEGIN, and transactions that come to no end. */
export const beginCells: readonly ServerCell[] = [...beginning, ...losing]
