import { expect } from 'vitest'
import { type ServerCell, serverCell } from '../cells.js'
import { connect, disconnect, exactly, message, nothingElse, refused, send, subscribe } from './conversation.js'

/** Temporary queues, and replies to them. */
export const tempQueueCells: readonly ServerCell[] = [
  serverCell(
    ['ours/temp-queue/reply-to', '1.2/repeated/server-may-update'],
    'carries a request with reply-to, changed to what its reader can send to, and the reply',
    async (t) => {
      const [asking, answering] = [await connect(t), await connect(t)]
      await subscribe(answering, '/queue/requests', 'requests')
      await subscribe(asking, '/temp-queue/replies', 'replies')
      await send(asking, '/queue/requests', 'ping', {
        'reply-to': '/temp-queue/replies',
        'correlation-id': '7',
        other: '/temp-queue/replies',
      })
      const request = await message(answering)
      const replyTo = request.headers.get('reply-to') ?? ''
      expect(request.headers.getAll('reply-to')).toHaveLength(1)
      expect(replyTo).not.toBe('/temp-queue/replies')
      expect([request.headers.get('other'), request.headers.get('correlation-id')]).toEqual([
        '/temp-queue/replies',
        '7',
      ])
      await send(answering, replyTo, 'pong', { 'correlation-id': '7' })
      const reply = await message(asking)
      expect([reply.text, reply.headers.get('subscription'), reply.headers.get('correlation-id')]).toEqual([
        'pong',
        'replies',
        '7',
      ])
      expect(reply.headers.get('destination')).toBe('/temp-queue/replies')
    },
  ),
  serverCell('1.2/repeated/server-may-update', 'leaves a reply-to alone that names no temporary queue', async (t) => {
    const client = await connect(t)
    await subscribe(client, '/topic/a')
    await send(await connect(t), '/topic/a', 'x', { 'reply-to': '/queue/b' })
    expect((await message(client)).headers.getAll('reply-to')).toEqual(['/queue/b'])
  }),
  serverCell('ours/temp-queue/private', 'keeps equal names of two sessions apart', async (t) => {
    const [one, other] = [await connect(t), await connect(t)]
    await subscribe(one, '/temp-queue/q', 'q')
    await subscribe(other, '/temp-queue/q', 'q')
    await send(await connect(t), '/temp-queue/q', 'to nobody')
    one.send({ command: 'SEND', headers: { destination: '/temp-queue/q' }, body: 'to itself' })
    await exactly(one, 'to itself')
    await nothingElse(other)
  }),
  serverCell('ours/temp-queue/private', 'refuses to give the replies of others, or all temporary queues', async (t) => {
    const [asking, answering] = [await connect(t), await connect(t)]
    await subscribe(answering, '/topic/requests', 'requests')
    await subscribe(asking, '/temp-queue/replies', 'replies')
    await send(asking, '/topic/requests', 'ping', { 'reply-to': '/temp-queue/replies' })
    const replyTo = (await message(answering)).headers.get('reply-to') ?? ''
    for (const destination of [replyTo, '/reply-queue/*', '/temp-queue/*', '/temp-queue/**', '/temp-queue']) {
      const thief = await connect(t)
      thief.send({ command: 'SUBSCRIBE', headers: { id: '1', destination, receipt: 'r' } })
      expect((await refused(thief)).headers.get('receipt-id')).toBe('r')
    }
    await send(answering, replyTo, 'pong')
    await exactly(asking, 'pong')
    await disconnect(asking)
    await send(answering, replyTo, 'too late')
    await nothingElse(answering)
  }),
]
