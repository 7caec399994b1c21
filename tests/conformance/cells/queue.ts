import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { connect, disconnect, exactly, message, nothingElse, refused, send, subscribe, texts } from './conversation.js'

const sharing: readonly ServerCell[] = [
  serverCell(
    ['1.2/send/semantics-are-of-the-destination', 'ours/queue/one-consumer'],
    'gives a message of a topic to every subscriber, and one of a queue to one after the other',
    async (t) => {
      const clients = [await connect(t), await connect(t)]
      for (const client of clients) {
        await subscribe(client, '/topic/a', 'topic')
        await subscribe(client, '/queue/a', 'queue')
      }
      const sender = await connect(t)
      for (let i = 0; i < 10; i++) {
        await send(sender, '/topic/a', `to all ${i}`)
        await send(sender, '/queue/a', `to one ${i}`)
      }
      const got: string[] = []
      for (const client of clients) {
        const bodies = await texts(client, 15)
        await nothingElse(client)
        const own = bodies.filter((body) => body.startsWith('to one'))
        expect(own).toHaveLength(5)
        expect(own.toSorted()).toEqual(own)
        got.push(...own)
        expect(bodies.filter((body) => body.startsWith('to all'))).toHaveLength(10)
      }
      expect(got.toSorted()).toEqual(Array.from({ length: 10 }, (_, i) => `to one ${i}`))
    },
  ),
  serverCell('ours/queue/keeps-its-messages', 'keeps messages for whoever comes, in their order', async (t) => {
    const sender = await connect(t)
    const bodies = Array.from({ length: 20 }, (_, i) => String(i))
    for (const body of bodies) await send(sender, '/queue/a', body)
    await disconnect(sender)
    const client = await connect(t)
    await subscribe(client, '/queue/b', 'another')
    await nothingElse(client)
    await subscribe(client, '/queue/a', 'mine')
    await exactly(client, ...bodies)
  }),
  serverCell('ours/queue/needs-a-rule', 'refuses SEND and SUBSCRIBE to a queue that no rule opens', async (t) => {
    for (const command of ['SEND', 'SUBSCRIBE'] as const) {
      const client = await connect(t)
      client.send({ command, headers: { id: '1', destination: '/queue/closed/a', receipt: 'r' } })
      const error = await refused(client)
      expect([error.headers.get('code'), error.headers.get('receipt-id')]).toEqual(['STOMP_ERR_FORBIDDEN', 'r'])
    }
  }),
  serverCell('ours/queue/no-wildcards', 'refuses a subscription to a pattern of queues', async (t) => {
    const client = await connect(t)
    client.send({ command: 'SUBSCRIBE', headers: { id: '1', destination: '/queue/*', receipt: 'r' } })
    const error = await refused(client)
    expect([error.headers.get('message'), error.headers.get('receipt-id')]).toEqual([
      expect.stringContaining('/queue/*'),
      'r',
    ])
  }),
]

const lasting: readonly ServerCell[] = [
  serverCell(
    ['ours/queue/expiry', '1.2/frames-and-headers/server-headers', '1.2/send/reliability'],
    'delivers a message with an end before it, and not after',
    async (t) => {
      const sender = await connect(t)
      for (const [body, headers] of [
        ['short', { expiration: '5000' }],
        ['long', { expiration: '60000' }],
        ['past', { expires: '1' }],
        ['for ever', {}],
      ] as const) {
        await send(sender, '/queue/a', body, headers)
      }
      const early = await connect(t)
      await t.advance(4_000)
      await subscribe(early, '/queue/a', 'early', { ack: 'client' })
      await exactly(early, 'short', 'long', 'for ever')
      await t.advance(2_000)
      await disconnect(early)
      const late = await connect(t)
      await subscribe(late, '/queue/a', 'late')
      await exactly(late, 'long', 'for ever')
    },
  ),
  serverCell('ours/queue/expiry', 'refuses an end that cannot be read', async (t) => {
    for (const name of ['expires', 'expiration']) {
      const client = await connect(t)
      client.send({ command: 'SEND', headers: { destination: '/queue/a', [name]: 'soon', receipt: 'r' } })
      const error = await refused(client)
      expect([error.headers.get('message'), error.headers.get('receipt-id')]).toEqual([
        expect.stringContaining(`'${name}'`),
        'r',
      ])
    }
  }),
  serverCell(
    ['ours/queue/persistent', '1.2/frames-and-headers/server-headers', '1.2/send/reliability'],
    'keeps what was sent with persistent:true, alone or in a transaction, over a restart, and nothing else',
    async (t) => {
      const sender = await connect(t)
      await send(sender, '/queue/a', 'kept', { persistent: 'true' })
      await send(sender, '/queue/a', 'not kept')
      sender.send({ command: 'BEGIN', headers: { transaction: 'tx1' } })
      await send(sender, '/queue/a', 'kept too', { persistent: 'true', transaction: 'tx1' })
      sender.send({ command: 'COMMIT', headers: { transaction: 'tx1', receipt: 'committed' } })
      expect((await sender.next()).headers.get('receipt-id')).toBe('committed')
      sender.send({ command: 'BEGIN', headers: { transaction: 'tx2' } })
      await send(sender, '/queue/a', 'never committed', { persistent: 'true', transaction: 'tx2' })
      await t.restart()
      const client = await connect(t)
      await subscribe(client, '/queue/a')
      const first = await message(client)
      expect([first.text, first.headers.has('redelivered')]).toEqual(['kept', false])
      await exactly(client, 'kept too')
    },
  ),
]

/** Queues. */
export const queueCells: readonly ServerCell[] = [...sharing, ...lasting]
