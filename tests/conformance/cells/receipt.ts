import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { SLOW_MS } from '../harness.js'
import { FROM_1_1, ONLY_1_2 } from '../requirement.js'
import { closedWith, connect, message, nothingElse, receipt, refused, send, subscribe } from './conversation.js'

const answering: readonly ServerCell[] = [
  serverCell(
    ['1.2/receipt/any-client-frame', '1.2/receipt/answered', '1.2/receipt/receipt-id', '1.1/receipt/no-body', 'E11'],
    'answers each client frame that asks with a RECEIPT that carries receipt-id alone',
    async (t) => {
      const client = await connect(t)
      client.send(
        { command: 'SUBSCRIBE', headers: { id: '1', destination: '/topic/a', receipt: 'subscribe' } },
        { command: 'SEND', headers: { destination: '/topic/b', receipt: 'send' }, body: 'hello' },
        { command: 'UNSUBSCRIBE', headers: { id: '1', receipt: 'unsubscribe' } },
        { command: 'DISCONNECT', headers: { receipt: 'disconnect' } },
      )
      for (const id of ['subscribe', 'send', 'unsubscribe', 'disconnect']) {
        const frame = await receipt(client, id)
        expect([...frame.headers]).toEqual([['receipt-id', id]])
        expect(frame.body).toHaveLength(0)
      }
    },
  ),
  serverCell('1.2/receipt/answered', 'sends no RECEIPT for a frame that does not ask', async (t) => {
    const client = await connect(t)
    client.send({ command: 'SUBSCRIBE', headers: { id: '1', destination: '/topic/a' } })
    client.send({ command: 'SEND', headers: { destination: '/topic/b' }, body: 'hello' })
    await nothingElse(client)
  }),
  serverCell(
    ['1.2/receipt/any-client-frame', '1.2/receipt/receipt-id'],
    'gives back any receipt value unchanged',
    async (t) => {
      const client = await connect(t)
      const values = ['', '0', 'message-12345', 'a:b', 'back\\slash \\n', 'grüße 🐴', 'x'.repeat(1000)]
      if (t.version !== '1.0') values.push(' padded ', 'line\nfeed', 'trailing\\')
      if (t.version === '1.2') values.push('carriage\rreturn')
      for (const value of values) {
        client.send({ command: 'SEND', headers: { destination: '/topic/a', receipt: value }, body: 'hello' })
        await receipt(client, value)
      }
    },
  ),
  serverCell('1.2/receipt/when-processed', 'sends no RECEIPT for a frame that failed, but an ERROR', async (t) => {
    const client = await connect(t)
    client.send({ command: 'SEND', headers: { destination: '/nowhere', receipt: 'never' }, body: 'hello' })
    await refused(client)
    await expect(client.next()).rejects.toThrow()
  }),
  serverCell(
    ['1.2/receipt/when-processed', 'ours/receipt/subscription-is-active'],
    'has a subscription active when its RECEIPT is sent',
    async (t) => {
      const sender = await connect(t)
      for (let i = 0; i < 20; i++) {
        const subscriber = await connect(t)
        await subscribe(subscriber, '/topic/a')
        await send(sender, '/topic/a', String(i))
        expect((await message(subscriber)).text).toBe(String(i))
      }
    },
  ),
  serverCell(
    'ours/receipt/before-own-message',
    'sends the RECEIPT of a SEND before the MESSAGE that it causes at its own sender',
    async (t) => {
      const client = await connect(t)
      await subscribe(client, '/topic/a')
      for (let i = 0; i < 20; i++) {
        client.send({ command: 'SEND', headers: { destination: '/topic/a', receipt: `r${i}` }, body: String(i) })
        await receipt(client, `r${i}`)
        expect((await message(client)).text).toBe(String(i))
      }
    },
  ),
  serverCell(
    '1.2/receipt/cumulative',
    'has received every earlier frame when it sends a RECEIPT',
    async (t) => {
      const subscriber = await connect(t)
      await subscribe(subscriber, '/topic/a')
      const client = await connect(t)
      for (let i = 0; i < 20; i++)
        client.send({ command: 'SEND', headers: { destination: '/topic/a' }, body: String(i) })
      client.send({ command: 'SEND', headers: { destination: '/topic/b', receipt: 'last' }, body: '' })
      await receipt(client, 'last')
      client.leave()
      for (let i = 0; i < 20; i++) expect((await message(subscriber)).text).toBe(String(i))
    },
    ONLY_1_2,
  ),
]

const routes: readonly ServerCell[] = [
  serverCell(
    ['ours/receipt/handler-is-done', '1.2/receipt/when-processed'],
    'sends the RECEIPT of a SEND to a route when its handler is done, and meanwhile goes on with later frames',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'SEND', headers: { destination: '/app/slow', receipt: 'slow' } })
      client.send({ command: 'SEND', headers: { destination: '/topic/a', receipt: 'quick' } })
      await receipt(client, 'quick')
      await nothingElse(client)
      await t.advance(SLOW_MS)
      await receipt(client, 'slow')
    },
  ),
  serverCell(
    ['ours/disconnect/waits-for-handlers', '1.2/disconnect/receipt-assures'],
    'answers DISCONNECT when the handlers of earlier frames are done, and last of all',
    async (t) => {
      const subscriber = await connect(t)
      await subscribe(subscriber, '/topic/slow')
      const client = await connect(t)
      client.send({ command: 'SEND', headers: { destination: '/app/slow', receipt: 'slow' } })
      client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
      await t.advance(SLOW_MS)
      await receipt(client, 'slow')
      await receipt(client, 'bye')
      await message(subscriber)
    },
  ),
  serverCell(
    'ours/disconnect/waits-for-handlers',
    'answers DISCONNECT after 10 s even if a handler never ends',
    async (t) => {
      const client = await connect(t)
      client.send({ command: 'SEND', headers: { destination: '/app/stuck', receipt: 'never' } })
      client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
      await t.advance(9_000)
      expect(client.isClosed).toBe(false)
      await t.advance(1_200)
      await receipt(client, 'bye')
      await t.advance(1_200)
      await closedWith(client, 1000)
    },
  ),
  serverCell(
    '1.2/receipt/processing-goes-on',
    'still acts on frames that it received before their client went away',
    async (t) => {
      const subscriber = await connect(t)
      await subscribe(subscriber, '/topic/a', 'a')
      await subscribe(subscriber, '/topic/slow', 'slow')
      const client = await connect(t)
      client.send(
        { command: 'SEND', headers: { destination: '/app/slow' } },
        { command: 'SEND', headers: { destination: '/topic/a' }, body: 'one' },
        { command: 'SEND', headers: { destination: '/topic/a' }, body: 'two' },
      )
      client.leave()
      expect((await message(subscriber)).text).toBe('one')
      expect((await message(subscriber)).text).toBe('two')
      await t.advance(SLOW_MS)
      expect((await message(subscriber)).headers.get('subscription')).toBe('slow')
    },
    ONLY_1_2,
  ),
  serverCell('ours/route/message', 'publishes what a message route returns', async (t) => {
    const client = await connect(t)
    await subscribe(client, '/topic/greetings')
    client.send({ command: 'SEND', headers: { destination: '/app/hello', receipt: 'r' }, body: '{"name":"Ada"}' })
    await receipt(client, 'r')
    expect(JSON.parse((await message(client)).text)).toEqual({ content: 'Hello, Ada!' })
  }),
]

const disconnecting: readonly ServerCell[] = [
  serverCell(
    '1.2/disconnect/receipt-assures',
    'answers DISCONNECT after the answers to all frames before it',
    async (t) => {
      const subscriber = await connect(t)
      await subscribe(subscriber, '/topic/a')
      const client = await connect(t)
      const sends = Array.from({ length: 10 }, (_, i) => ({
        command: 'SEND' as const,
        headers: { destination: '/topic/a', receipt: `r${i}` },
        body: String(i),
      }))
      client.send(...sends, { command: 'DISCONNECT', headers: { receipt: 'bye' } })
      for (let i = 0; i < 10; i++) await receipt(client, `r${i}`)
      await receipt(client, 'bye')
      for (let i = 0; i < 10; i++) expect((await message(subscriber)).text).toBe(String(i))
    },
    FROM_1_1,
  ),
]

/** RECEIPT, the frames that ask for it, and routes whose handlers settle later. */
export const receiptCells: readonly ServerCell[] = [...answering, ...routes, ...disconnecting]
