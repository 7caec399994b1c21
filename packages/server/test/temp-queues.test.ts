import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { embeddedBroker } from '../src/index.js'
import { answer, frames, gate, rest, send, transact, usePlugin } from './plugin-application.js'

const start = usePlugin()

/** No client has a rule for anything but what is said. */
const closed = { allow: { send: ['/queue/service'], subscribe: ['/queue/service'] } }

describe('a temporary queue', () => {
  it('needs no rule, and shows the name by which its session calls it', async () => {
    const { connect } = await start(closed)
    const client = await connect()
    await client.subscribe('s', '/temp-queue/mine')
    client.send(send('/temp-queue/mine', 'm', { receipt: 'sent' }))
    expect(await frames(client, 1)).toEqual(['RECEIPT sent'])
    const message = await client.next()
    expect([message.text, message.headers.get('destination')]).toEqual(['m', '/temp-queue/mine'])
  })

  it('is private: the same name is another queue in another session, of the same user too', async () => {
    const { connect } = await start(closed)
    const [one, two] = [await connect('ada'), await connect('ada')]
    await one.subscribe('s', '/temp-queue/mine')
    two.send(send('/temp-queue/mine', 'to two', { receipt: 'sent' }))
    expect(await frames(two, 1)).toEqual(['RECEIPT sent'])
    expect(await rest(one)).toEqual([])
    await two.subscribe('s', '/temp-queue/mine')
    expect(await frames(two, 1)).toEqual(['to two'])
  })

  it('keeps messages until it is subscribed to, again and again', async () => {
    const { connect } = await start(closed)
    const client = await connect()
    for (const body of ['1', '2', '3']) client.send(send('/temp-queue/mine', body))
    await client.subscribe('s', '/temp-queue/mine', { ack: 'client-individual', 'prefetch-count': '1' })
    client.send(answer('ACK', await client.next()))
    await client.next()
    client.send({ command: 'UNSUBSCRIBE', headers: { id: 's' } })
    await client.subscribe('again', '/temp-queue/mine')
    expect(await frames(client, 2)).toEqual(['2', '3'])
  })

  it('vanishes with its session, with all that waits in it', async () => {
    const { app, connect } = await start(closed)
    const client = await connect()
    await client.subscribe('s', '/temp-queue/used', { ack: 'client' })
    client.send(send('/temp-queue/used', 'held'))
    client.send(send('/temp-queue/unused', 'waits'))
    await client.rest()
    expect(app.stomp.admin?.destinations().map(({ kind }) => kind)).toEqual(['temp-queue', 'temp-queue'])
    client.link.close()
    await client.rest()
    expect(app.stomp.admin?.destinations()).toEqual([])
  })

  it.each(['/temp-queue', '/temp-queue/*', '/temp-queue/**', '/temp-queue/a/*'])(
    'cannot be called %s',
    async (destination) => {
      const { app, connect } = await start()
      const client = await connect()
      client.send(send(destination, 'x', { receipt: '1' }))
      expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_DESTINATION_INVALID 1'])
      const other = await connect()
      other.send({ command: 'SUBSCRIBE', headers: { id: 's', destination, receipt: '1' } })
      expect(await frames(other, 1)).toEqual(['ERROR STOMP_ERR_DESTINATION_INVALID 1'])
      const asks = await connect()
      asks.send(send('/topic/a', 'x', { 'reply-to': destination, receipt: '1' }))
      expect(await frames(asks, 1)).toEqual(['ERROR STOMP_ERR_HEADER_INVALID 1'])
      expect(app.stomp.admin?.destinations()).toEqual([])
    },
  )

  it('is one of 64 at most, however they come about', async () => {
    const { connect } = await start()
    const client = await connect()
    for (let i = 1; i <= 30; i++) client.send(send(`/temp-queue/${i}`))
    for (let i = 31; i <= 60; i++) client.send(send('/topic/a', '', { 'reply-to': `/temp-queue/${i}` }))
    for (let i = 61; i <= 64; i++) await client.subscribe(`${i}`, `/temp-queue/${i}`)
    client.send(send('/temp-queue/7', '', { receipt: 'known' }))
    client.send(send('/temp-queue/65', '', { receipt: 'new' }))
    expect(await frames(client, 2)).toEqual(['RECEIPT known', 'ERROR STOMP_ERR_DESTINATION_LIMIT new'])
  })

  it('is asked for at the hooks, under the name that the client wrote', async () => {
    const asked: string[] = []
    const { connect } = await start(closed, (app) => {
      app.stomp.addHook('authorizeSubscribe', ({ destination }) => void asked.push(`subscribe ${destination}`))
      app.stomp.addHook('authorizeSend', ({ destination }) => {
        asked.push(`send ${destination}`)
        if (destination === '/temp-queue/no') throw new Error('no')
      })
    })
    const client = await connect()
    await client.subscribe('s', '/temp-queue/a')
    client.send(send('/temp-queue/no', '', { receipt: '1' }))
    expect(await frames(client, 1)).toEqual(['ERROR STOMP_ERR_FORBIDDEN 1'])
    expect(asked).toEqual(['subscribe /temp-queue/a', 'send /temp-queue/no'])
  })

  it('leaves nothing behind where its session ends while a hook is asked', async () => {
    const { open, opened } = gate()
    const { app, connect } = await start({}, (instance) => instance.stomp.addHook('authorizeSend', () => opened))
    const client = await connect()
    client.send(send('/temp-queue/mine', 'm'))
    await client.rest()
    client.link.close()
    await client.rest()
    open()
    await client.rest()
    expect(app.stomp.admin?.destinations()).toEqual([])
  })
})

describe('request and response', () => {
  it('work between two clients; who replies needs no rule for it', async () => {
    const { connect } = await start(closed)
    const [asks, replies] = [await connect('ada'), await connect('bob')]
    await replies.subscribe('s', '/queue/service', { ack: 'client-individual' })
    await asks.subscribe('r', '/temp-queue/replies')
    const headers = { 'reply-to': '/temp-queue/replies', 'correlation-id': '1' }
    asks.send(send('/queue/service', 'how much?', headers))
    const request = await replies.next()
    const replyTo = request.headers.get('reply-to') ?? ''
    expect(replyTo).toMatch(/^\/reply-queue\/[0-9a-f-]{36}$/)
    replies.send(transact('BEGIN', 't'))
    replies.send(send(replyTo, 'nothing', { 'correlation-id': '1', transaction: 't' }))
    replies.send(answer('ACK', request, { transaction: 't' }))
    replies.send(transact('COMMIT', 't', 'replied'))
    expect(await frames(replies, 1)).toEqual(['RECEIPT replied'])
    const reply = await asks.next()
    expect([reply.text, reply.headers.get('correlation-id'), reply.headers.get('destination')]).toEqual([
      'nothing',
      '1',
      '/temp-queue/replies',
    ])
  })

  it('the address of one temporary queue stays the same, and is another for each queue and session', async () => {
    const { connect } = await start()
    const [one, two, reads] = [await connect(), await connect(), await connect()]
    await reads.subscribe('s', '/topic/a')
    const addressOf = async (client: typeof one, replyTo: string): Promise<string | undefined> => {
      client.send(send('/topic/a', '', { 'reply-to': replyTo }))
      return (await reads.next()).headers.get('reply-to')
    }
    const a = await addressOf(one, '/temp-queue/a')
    expect(await addressOf(one, '/temp-queue/a')).toBe(a)
    const others = [await addressOf(one, '/temp-queue/b'), await addressOf(two, '/temp-queue/a')]
    expect(new Set([a, ...others]).size).toBe(3)
  })

  it('a reply-to that is no temporary queue is the sender’s own business', async () => {
    const { connect } = await start()
    const client = await connect()
    await client.subscribe('s', '/topic/a')
    for (const replyTo of ['/queue/replies', '/temp-queues/x', 'anything']) {
      client.send(send('/topic/a', '', { 'reply-to': replyTo }))
      expect((await client.next()).headers.get('reply-to')).toBe(replyTo)
    }
  })

  it('a route is given an address that it can publish to', async () => {
    const { connect } = await start({ allow: {} }, (app) => {
      app.stomp.message('/double', async ({ headers, body }) => {
        await app.stomp.publish(headers.get('reply-to') ?? '', `${body}${body}`)
      })
    })
    const client = await connect()
    await client.subscribe('r', '/temp-queue/replies')
    client.send(send('/app/double', 'ab', { 'reply-to': '/temp-queue/replies', 'content-type': 'text/plain' }))
    expect(await frames(client, 1)).toEqual(['abab'])
  })

  it('a reply to a session that is gone is dropped and told to the log, and the one who replies goes on', async () => {
    const { app, log, connect } = await start()
    const [asks, replies] = [await connect(), await connect()]
    await replies.subscribe('s', '/queue/service')
    asks.send(send('/queue/service', '', { 'reply-to': '/temp-queue/replies' }))
    const replyTo = (await replies.next()).headers.get('reply-to') ?? ''
    asks.link.close()
    await asks.closed()
    replies.send(send(replyTo, 'too late', { receipt: '1' }))
    replies.send(transact('BEGIN', 't'))
    replies.send(send(replyTo, 'too late', { transaction: 't' }))
    replies.send(transact('COMMIT', 't', '2'))
    await app.stomp.publish(replyTo, 'too late')
    expect(await rest(replies)).toEqual(['RECEIPT 1', 'RECEIPT 2'])
    const told = log.filter((line) => line.includes('reply-dropped'))
    expect(told).toHaveLength(3)
    expect(told.join()).not.toContain(replyTo)
    expect(app.stomp.admin?.destinations().filter(({ depth }) => depth > 0)).toEqual([])
  })

  it('an address that was never given leads nowhere', async () => {
    const { connect } = await start()
    const client = await connect()
    client.send(send(`/reply-queue/${crypto.randomUUID()}`, 'x', { receipt: '1' }))
    expect(await frames(client, 1)).toEqual(['RECEIPT 1'])
  })

  it('nobody reads where replies go to but who asked', async () => {
    const { connect } = await start({ allow: { send: ['/**'], subscribe: ['/**'] } })
    const [asks, replies] = [await connect(), await connect()]
    await replies.subscribe('s', '/queue/service')
    asks.send(send('/queue/service', '', { 'reply-to': '/temp-queue/replies' }))
    const replyTo = (await replies.next()).headers.get('reply-to') ?? ''
    replies.send({ command: 'SUBSCRIBE', headers: { id: 'spy', destination: replyTo, receipt: '1' } })
    expect(await frames(replies, 1)).toEqual(['ERROR STOMP_ERR_FORBIDDEN 1'])
  })

  it('a full temporary queue does not tell whose it is', async () => {
    const { connect } = await start({ broker: embeddedBroker({ maxQueueMessages: 1 }) })
    const [asks, replies] = [await connect(), await connect()]
    await replies.subscribe('s', '/queue/service')
    asks.send(send('/queue/service', '', { 'reply-to': '/temp-queue/replies' }))
    const replyTo = (await replies.next()).headers.get('reply-to') ?? ''
    replies.send(send(replyTo, '1'))
    replies.send(send(replyTo, '2', { receipt: '2' }))
    const error = await replies.next()
    expect(['code', 'receipt-id', 'message'].map((name) => error.headers.get(name))).toEqual([
      'STOMP_ERR_QUEUE_FULL',
      '2',
      'The queue is full',
    ])
  })
})

describe('a route that replies', () => {
  const ask = (headers: Readonly<Record<string, string>>) =>
    send('/app/double', 'ab', { 'content-type': 'text/plain', receipt: 'r', ...headers })
  const prepare =
    (called: string[] = []) =>
    (app: FastifyInstance) => {
      app.stomp.message('/double', { replyTo: true }, ({ body }) => {
        called.push('called')
        return `${body}${body}`
      })
    }

  it('answers where its caller waits, with the correlation-id: at a temporary queue, or its own /user/...', async () => {
    const { connect } = await start(closed, prepare())
    const [asks, twin] = [await connect('ada'), await connect('ada')]
    for (const client of [asks, twin]) {
      await client.subscribe('t', '/temp-queue/replies')
      await client.subscribe('u', '/user/queue/replies')
    }
    for (const replyTo of ['/temp-queue/replies', '/user/queue/replies']) {
      asks.send(ask({ 'reply-to': replyTo, 'correlation-id': '7' }))
      expect(await frames(asks, 1)).toEqual(['RECEIPT r'])
      const { text, headers } = await asks.next()
      expect([text, headers.get('destination'), headers.get('correlation-id')]).toEqual(['abab', replyTo, '7'])
    }
    expect(await rest(twin)).toEqual([])
  })

  it('answers at the temporary queue of whoever else is to hear it, where its caller was told of that', async () => {
    const { connect } = await start(closed, prepare())
    const [hears, asks] = [await connect(), await connect()]
    await hears.subscribe('t', '/temp-queue/replies')
    await asks.subscribe('s', '/queue/service')
    hears.send(send('/queue/service', '', { 'reply-to': '/temp-queue/replies' }))
    asks.send(ask({ 'reply-to': (await asks.next()).headers.get('reply-to') ?? '' }))
    expect([await rest(asks), await rest(hears)]).toEqual([['RECEIPT r'], ['abab']])
  })

  it.each([
    {},
    { 'reply-to': '/topic/all' },
    { 'reply-to': '/queue/service' },
    { 'reply-to': '/reply-queue/guess' },
    { 'reply-to': '/user/**' },
    { 'reply-to': '/app/double' },
  ])('is not called by a frame that says %j', async (headers) => {
    const called: string[] = []
    const { connect } = await start(undefined, prepare(called))
    const [client, spy] = [await connect(), await connect()]
    await spy.subscribe('s', '/topic/**')
    client.send(ask(headers))
    const { command, headers: told, text } = await client.next()
    expect([command, told.get('code'), told.get('receipt-id')]).toEqual(['ERROR', 'STOMP_ERR_HEADER_INVALID', 'r'])
    expect(text).toMatch(/\/temp-queue\/|reply-to/)
    const inTransaction = await connect()
    inTransaction.send(transact('BEGIN', 't'))
    inTransaction.send(ask({ ...headers, transaction: 't' }))
    expect(await frames(inTransaction, 1)).toEqual(['ERROR STOMP_ERR_HEADER_INVALID r'])
    expect([called, await rest(spy)]).toEqual([[], []])
  })

  it('has its error handler asked where there is nowhere to reply to, and the session lives', async () => {
    const { connect } = await start(undefined, (app) => {
      app.stomp.setErrorHandler((error) => error.message)
      prepare()(app)
    })
    const client = await connect()
    await client.subscribe('errors', '/user/queue/errors')
    client.send(ask({ 'reply-to': '/reply-queue/guess' }))
    expect(await frames(client, 1)).toEqual(["The header 'reply-to' names nothing to reply to"])
    client.send(send('/topic/x', '', { receipt: 'on' }))
    expect(await frames(client, 1)).toEqual(['RECEIPT on'])
  })
})
