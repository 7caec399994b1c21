import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { LOCKED } from '../harness.js'
import {
  answer,
  connect,
  disconnect,
  exactly,
  given,
  message,
  nothingElse,
  refused,
  remains,
  send,
  subscribe,
  transact,
} from './conversation.js'

const committing: readonly ServerCell[] = [
  serverCell(
    [
      '1.2/commit/commits',
      '1.2/begin/atomic',
      '1.2/send/transaction',
      'ours/transaction/frames-are-receipted-at-once',
      '1.2/receipt/when-processed',
    ],
    'brings about all that was sent in a transaction at its COMMIT, in order and over all destinations, and nothing before',
    async (t) => {
      const seen = await connect(t)
      for (const destination of ['/topic/a', '/topic/b', '/queue/c']) await subscribe(seen, destination, destination)
      const client = await connect(t)
      await transact(client, 'BEGIN')
      for (const [destination, body] of [
        ['/topic/a', '1'],
        ['/queue/c', '2'],
        ['/topic/b', '3'],
        ['/topic/a', '4'],
        ['/queue/c', '5'],
      ] as const) {
        await send(client, destination, body, { transaction: 'tx1', foo: body })
      }
      await nothingElse(seen)
      await transact(client, 'COMMIT')
      for (const body of ['1', '2', '3', '4', '5']) {
        const frame = await message(seen)
        expect([frame.text, frame.headers.get('foo'), frame.headers.has('transaction')]).toEqual([body, body, false])
      }
      await nothingElse(seen)
    },
  ),
  serverCell(
    '1.2/begin/atomic',
    'does nothing of a transaction of which one part cannot be done, and says so at COMMIT',
    async (t) => {
      const seen = await connect(t)
      await subscribe(seen, '/topic/a', 'topic')
      await subscribe(seen, '/queue/b', 'queue')
      const { client, frame } = await given(t)
      await transact(client, 'BEGIN')
      await send(client, '/topic/a', 'before', { transaction: 'tx1' })
      await answer(client, 'ACK', frame, { transaction: 'tx1' })
      await send(client, '/queue/b', 'between', { transaction: 'tx1' })
      // Twice: the second cannot be.
      await answer(client, 'ACK', frame, { transaction: 'tx1' })
      await send(client, '/topic/a', 'after', { transaction: 'tx1' })
      client.send({ command: 'COMMIT', headers: { transaction: 'tx1', receipt: 'r' } })
      expect((await refused(client)).headers.get('receipt-id')).toBe('r')
      await nothingElse(seen)
      await remains(t, 'hello')
    },
  ),
  serverCell(['1.2/commit/commits', '1.2/begin/atomic'], 'acknowledges and sends together', async (t) => {
    const { client, frame } = await given(t)
    await transact(client, 'BEGIN')
    await answer(client, 'ACK', frame, { transaction: 'tx1' })
    await send(client, '/queue/b', 'moved', { transaction: 'tx1' })
    await transact(client, 'COMMIT')
    await disconnect(client)
    await remains(t)
    const reader = await connect(t)
    await subscribe(reader, '/queue/b')
    await exactly(reader, 'moved')
  }),
  serverCell('1.2/commit/commits', 'commits a transaction in which nothing was done', async (t) => {
    const client = await connect(t)
    await transact(client, 'BEGIN')
    await transact(client, 'COMMIT')
    await nothingElse(client)
  }),
  serverCell(
    'ours/transaction/routes-after-the-commit',
    'runs the message routes of a transaction after its COMMIT, and those of an aborted one never',
    async (t) => {
      const seen = await connect(t)
      await subscribe(seen, '/topic/greetings')
      const client = await connect(t)
      for (const [name, end] of [
        ['Eve', 'ABORT'],
        ['Ada', 'COMMIT'],
      ] as const) {
        await transact(client, 'BEGIN')
        await send(client, '/app/hello', JSON.stringify({ name }), { transaction: 'tx1' })
        await nothingElse(seen)
        await transact(client, end)
      }
      expect(JSON.parse((await message(seen)).text)).toEqual({ content: 'Hello, Ada!' })
      await nothingElse(seen)
    },
  ),
]

const refusing: readonly ServerCell[] = [
  serverCell(
    ['1.2/commit/transaction-required', 'E14'],
    'refuses COMMIT without a transaction header, and with that of none that is open',
    async (t) => {
      const seen = await connect(t)
      await subscribe(seen, '/topic/a')
      for (const [headers, said] of [
        [{}, "'transaction'"],
        [{ transaction: 'tx2' }, "'tx2'"],
        [{ transaction: 'TX1' }, "'TX1'"],
      ] as const) {
        const client = await connect(t)
        await transact(client, 'BEGIN')
        await send(client, '/topic/a', 'lost', { transaction: 'tx1' })
        client.send({ command: 'COMMIT', headers: { ...headers, receipt: 'r' } })
        const error = await refused(client)
        expect([error.headers.get('message'), error.headers.get('receipt-id')]).toEqual([
          expect.stringContaining(said),
          'r',
        ])
      }
      await nothingElse(seen)
    },
  ),
  serverCell(
    ['1.2/commit/transaction-required', 'ours/transaction/unknown-is-refused'],
    'refuses to commit a transaction that has ended, so that nothing is done twice',
    async (t) => {
      const seen = await connect(t)
      await subscribe(seen, '/topic/a')
      for (const end of ['COMMIT', 'ABORT'] as const) {
        const client = await connect(t)
        await transact(client, 'BEGIN')
        await send(client, '/topic/a', end, { transaction: 'tx1' })
        await transact(client, end)
        client.send({ command: 'COMMIT', headers: { transaction: 'tx1' } })
        await refused(client)
      }
      await exactly(seen, 'COMMIT')
    },
  ),
  serverCell(
    ['ours/transaction/unknown-is-refused', '1.2/begin/identifier-binds'],
    'refuses a SEND in a transaction that was never begun, or has ended, and publishes nothing',
    async (t) => {
      const seen = await connect(t)
      await subscribe(seen, '/topic/a')
      for (const destination of ['/topic/a', '/app/hello']) {
        for (const hasEnded of [true, false]) {
          const client = await connect(t)
          if (hasEnded) for (const command of ['BEGIN', 'COMMIT'] as const) await transact(client, command)
          client.send({ command: 'SEND', headers: { destination, transaction: 'tx1', receipt: 'r' }, body: '{}' })
          const error = await refused(client)
          expect([error.headers.get('message'), error.headers.get('receipt-id')]).toEqual([
            expect.stringContaining("'tx1'"),
            'r',
          ])
        }
      }
      await nothingElse(seen)
    },
  ),
  serverCell(
    'ours/transaction/checked-when-taken-in',
    'refuses what is forbidden or leads nowhere when it is sent in a transaction, not at COMMIT',
    async (t) => {
      for (const destination of ['/topic/locked', '/queue/closed/a', '/app/no-such-route', '/nowhere', '/topic/*']) {
        const client = await connect(t)
        await transact(client, 'BEGIN')
        client.send({ command: 'SEND', headers: { destination, transaction: 'tx1', receipt: 'r' } })
        const error = await refused(client)
        expect(error.headers.get('receipt-id')).toBe('r')
        if (destination === '/topic/locked') expect(error.headers.get('message')).toBe(LOCKED)
      }
    },
  ),
]

/** COMMIT. */
export const commitCells: readonly ServerCell[] = [...committing, ...refusing]
