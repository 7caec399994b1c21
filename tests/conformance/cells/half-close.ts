import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import type { Harness } from '../harness.js'
import { SLOW_MS } from '../harness.js'
import { ALL, type Transport } from '../requirement.js'
import {
  answer,
  closedWith,
  connect,
  connectFrame,
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

const HALF_CLOSING: readonly Transport[] = ['linked', 'tcp']

const cell = (id: string, title: string, run: (t: Harness) => Promise<void>): ServerCell =>
  serverCell(id, title, run, ALL, HALF_CLOSING)

/** Clients that end their own side, and still read. */
export const halfCloseCells: readonly ServerCell[] = [
  cell(
    'ours/half-close/answered',
    'answers all that came before the end of the client’s side, then ends too',
    async (t) => {
      const client = await t.open()
      client.send(
        connectFrame(t.version),
        { command: 'SUBSCRIBE', headers: { id: '1', destination: '/topic/a', receipt: 'subscribed' } },
        { command: 'SEND', headers: { destination: '/topic/a', receipt: 'sent' }, body: 'hello' },
      )
      client.end()
      expect((await client.next()).command).toBe('CONNECTED')
      await receipt(client, 'subscribed')
      await receipt(client, 'sent')
      expect((await message(client)).text).toBe('hello')
      await closedWith(client, 1000)
    },
  ),
  cell(
    'ours/half-close/answered',
    'waits for the handlers of what came before the end of the client’s side',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'SEND', headers: { destination: '/app/slow', receipt: 'slow' } })
      client.end()
      await t.advance(SLOW_MS)
      await receipt(client, 'slow')
      await closedWith(client, 1000)
    },
  ),
  cell('ours/half-close/answered', 'sends the ERROR that a client has earned before it ended its side', async (t) => {
    const client = await connect(t)
    client.send({ command: 'SEND', headers: { destination: '/nowhere', receipt: 'r' } })
    client.end()
    expect((await refused(client)).headers.get('receipt-id')).toBe('r')
  }),
  cell('ours/half-close/answered', 'ends without a word with a client that ends its side without one', async (t) => {
    const client = await t.open()
    client.end()
    await closedWith(client, 1000)
    await expect(client.next()).rejects.toThrow()
  }),
  cell(
    'ours/half-close/answered',
    'ends at once with a client that ends its side after the RECEIPT of DISCONNECT',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
      await receipt(client, 'bye')
      client.end()
      await closedWith(client, 1000)
    },
  ),
  cell('ours/half-close/inside-a-frame', 'refuses a frame that can no longer be finished', async (t) => {
    const subscriber = await connect(t)
    await subscribe(subscriber, '/topic/a')
    const client = await connect(t)
    client.send('SEND\ndestination:/topic/a\n\nnever fini')
    client.end()
    await refused(client)
    await nothingElse(subscriber)
  }),
  cell(
    'ours/half-close/ends-the-session',
    'undoes transactions and gives back what was not acknowledged',
    async (t) => {
      const subscriber = await connect(t)
      await subscribe(subscriber, '/topic/a')
      const { client, frame } = await given(t)
      await transact(client, 'BEGIN')
      await send(client, '/topic/a', 'lost', { transaction: 'tx1' })
      await answer(client, 'ACK', frame, { transaction: 'tx1' })
      client.end()
      await closedWith(client, 1000)
      await remains(t, 'hello')
      await exactly(subscriber)
    },
  ),
]
