import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import hoofbeat, { type BrokerFactory, embeddedBroker, STOMP_ERRORS, StompError } from '@hoofbeat/server'
import { connectTestClient, type StompTestClient } from '@hoofbeat/server/testing'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildApp } from '../src/app.js'
import { push } from '../src/push.js'
import { connect } from './session.js'

let app: FastifyInstance

beforeEach(async () => {
  app = await buildApp({ drainMs: 0, pushToken: 'secret' })
  await app.ready()
})

afterEach(() => app.close())

const post = (payload: object | string, authorization: string | undefined = 'Bearer secret') =>
  app.inject({
    method: 'POST',
    url: '/push',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
    payload,
  })

const enter = async (login: string, ...destinations: readonly string[]): Promise<StompTestClient> => {
  const client = connectTestClient(app)
  await client.connect({ login })
  for (const destination of destinations) await client.subscribe(destination, destination)
  return client
}

/** In place of the sample, the route on another broker. */
const openWith = async (broker: BrokerFactory): Promise<void> => {
  await app.close()
  app = Fastify()
  await app.register(hoofbeat, { broker })
  await app.register(push, { token: 'secret' })
}

describe('who may push', () => {
  it('is nobody where there is no token', async () => {
    await app.close()
    app = await buildApp({ drainMs: 0 })
    const answer = await post({ destination: '/topic/news', body: 'hi' })
    expect(answer.statusCode).toBe(404)
  })

  it.each([
    ['without a token', ''],
    ['with another token', 'Bearer guessed'],
    ['with a part of the token', 'Bearer secre'],
    ['with an empty token', 'Bearer '],
    ['with the token in another scheme', 'Basic secret'],
  ])('is not who comes %s', async (_how, authorization) => {
    const reader = await enter('alice', '/topic/news')
    const answer = await post({ destination: '/topic/news', body: 'hi' }, authorization)
    expect(answer.statusCode).toBe(401)
    expect(answer.headers['www-authenticate']).toBe('Bearer')
    expect(await reader.rest()).toEqual([])
  })

  it('is asked before the body is looked at', async () => {
    expect((await post('{', 'Bearer guessed')).statusCode).toBe(401)
    expect((await post('{')).statusCode).toBe(400)
  })
})

describe('a push to a user', () => {
  it('reaches each session of that user and nobody else, and counts them', async () => {
    const [phone, laptop] = [await enter('alice', '/user/queue/notices'), await enter('alice', '/user/queue/notices')]
    const stranger = await enter('bob', '/user/queue/notices')
    const answer = await post({ user: 'alice', body: { text: 'for your eyes only' } })
    expect(answer.statusCode).toBe(202)
    expect(answer.json()).toEqual({ reached: 2 })
    for (const client of [phone, laptop]) {
      const message = await client.next()
      expect(message.headers.get('destination')).toBe('/user/queue/notices')
      expect(message.headers.get('content-type')).toBe('application/json')
      expect(message.text).toBe('{"text":"for your eyes only"}')
    }
    expect(await stranger.rest()).toEqual([])
  })

  it('reaches the destination that it names', async () => {
    const alice = await enter('alice', '/user/queue/notices', '/user/queue/orders')
    expect((await post({ user: 'alice', destination: '/queue/orders', body: 'shipped' })).json()).toEqual({
      reached: 1,
    })
    expect((await alice.next()).headers.get('destination')).toBe('/user/queue/orders')
    expect(await alice.rest()).toEqual([])
  })

  it('reaches nobody where the user is not connected, and says so', async () => {
    const alice = await enter('alice', '/user/queue/notices')
    alice.link.close()
    const answer = await post({ user: 'alice', body: 'hi' })
    expect(answer.statusCode).toBe(202)
    expect(answer.json()).toEqual({ reached: 0 })
  })

  it.each(['a/b', 'jane.doe', '*', '日本'])('takes the name %s as it stands', async (user) => {
    const client = await enter(user, '/user/queue/notices')
    expect((await post({ user, body: 'hi' })).json()).toEqual({ reached: 1 })
    expect((await client.next()).text).toBe('hi')
  })

  it('comes over a WebSocket to @stomp/stompjs', async () => {
    const address = await app.listen({ port: 0, host: '127.0.0.1' })
    const session = await connect(`${address.replace('http', 'ws')}/stomp`, { login: 'alice' })
    const notices = await session.subscribe('/user/queue/notices')
    const answer = await fetch(`${address}/push`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer secret' },
      body: JSON.stringify({ user: 'alice', body: { text: 'hi' } }),
    })
    expect(answer.status).toBe(202)
    expect(await answer.json()).toEqual({ reached: 1 })
    expect(await notices.next()).toEqual({ text: 'hi' })
    await session.end()
  })
})

describe('a push to a session', () => {
  it('reaches that one of a user, or an anonymous one, and says when it is gone', async () => {
    const [phone, laptop] = [await enter('alice', '/user/queue/notices'), await enter('alice', '/user/queue/notices')]
    const visitor = connectTestClient(app)
    const session = (await visitor.connect()).headers.get('session')
    await visitor.subscribe('s', '/user/queue/notices')
    const first = app.stomp.users.get('alice')?.sessions[0]?.id
    expect((await post({ session: first, body: 'phone' })).json()).toEqual({ reached: 1 })
    expect((await post({ session, body: 'visitor' })).json()).toEqual({ reached: 1 })
    const texts = async (client: StompTestClient) => (await client.rest()).map(({ text }) => text)
    expect([await texts(phone), await texts(laptop), await texts(visitor)]).toEqual([['phone'], [], ['visitor']])
    visitor.link.close()
    await visitor.closed()
    expect((await post({ session, body: 'nobody' })).json()).toEqual({ reached: 0 })
  })
})

describe('a push to a destination', () => {
  it('reaches all who subscribe to a topic', async () => {
    const readers = [await enter('alice', '/topic/news'), await enter('bob', '/topic/news')]
    const answer = await post({ destination: '/topic/news', body: ['one', 2] })
    expect(answer.statusCode).toBe(202)
    expect(answer.json()).toEqual({})
    for (const reader of readers) expect((await reader.next()).text).toBe('["one",2]')
  })

  it('waits in a queue until a consumer comes', async () => {
    await post({ destination: '/queue/jobs', body: 'first' })
    const worker = await enter('worker', '/queue/jobs')
    expect((await worker.next()).text).toBe('first')
  })

  it('is stored before the answer if it is persistent', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hoofbeat-sample-'))
    try {
      await app.close()
      app = await buildApp({ drainMs: 0, pushToken: 'secret', dataDirectory: folder })
      const headers = { persistent: 'true' }
      expect((await post({ destination: '/queue/jobs', body: 'first', headers })).statusCode).toBe(202)
      await app.close()

      app = await buildApp({ drainMs: 0, dataDirectory: folder })
      await app.ready()
      const worker = await enter('worker', '/queue/jobs')
      expect((await worker.next()).text).toBe('first')
      await app.close()
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('reaches a user by the destination that clients would use', async () => {
    const alice = await enter('alice', '/user/queue/orders')
    expect((await post({ destination: '/user/alice/queue/orders', body: 'hi' })).statusCode).toBe(202)
    expect((await alice.next()).headers.get('destination')).toBe('/user/queue/orders')
  })
})

describe('the message', () => {
  it.each([
    ['a string', 'grüße', 'text/plain;charset=utf-8', 'grüße'],
    ['an object', { n: 1 }, 'application/json', '{"n":1}'],
    ['a number', 0, 'application/json', '0'],
    ['false', false, 'application/json', 'false'],
    ['null', null, undefined, ''],
  ])('is for %s what a handler would have published', async (_kind, body, contentType, text) => {
    const reader = await enter('alice', '/topic/news')
    expect((await post({ destination: '/topic/news', body })).statusCode).toBe(202)
    const message = await reader.next()
    expect(message.headers.get('content-type')).toBe(contentType)
    expect(message.text).toBe(text)
  })

  it.each([{ destination: '/topic/news' }, { user: 'alice' }])(
    'carries the headers and the content type that the request names, for %j',
    async (to) => {
      const reader = await enter('alice', '/topic/news', '/user/queue/notices')
      await post({ ...to, body: '<b>hi</b>', contentType: 'text/html', headers: { lang: 'de' } })
      const message = await reader.next()
      expect(message.headers.get('content-type')).toBe('text/html')
      expect(message.headers.get('lang')).toBe('de')
      expect(message.text).toBe('<b>hi</b>')
    },
  )

  it('leaves out headers that only the server may set', async () => {
    const reader = await enter('alice', '/topic/news')
    const headers = { subscription: 'x', 'message-id': 'x', destination: '/topic/x' }
    expect((await post({ destination: '/topic/news', body: 'hi', headers })).statusCode).toBe(202)
    const message = await reader.next()
    for (const [name, value] of Object.entries(headers)) expect(message.headers.get(name)).not.toBe(value)
  })
})

describe('what cannot be pushed', () => {
  it.each([
    [{ body: 'hi' }, 'body must have a user, a session or a destination'],
    [{ user: 'alice', session: 'x', body: 'hi' }, 'body must have a user or a session, not both'],
    [{ user: 'alice' }, 'body must have required properties body'],
    [{ user: 7, body: 'hi' }, 'body/user must be string'],
    [{ user: '', body: 'hi' }, 'body/user must not have fewer than 1 characters'],
    [{ user: null, destination: '/topic/news', body: 'hi' }, 'body/user must be string'],
    [{ destination: ['/topic/news'], body: 'hi' }, 'body/destination must be string'],
    [{ destination: '/topic/news', body: 'hi', usr: 'alice' }, 'body/usr schema is false'],
    [{ destination: '/topic/news', body: 'hi', room: 'x' }, 'body/room schema is false'],
    [{ destination: '/topic/news', body: 'hi', headers: { a: 1 } }, 'body/headers/a must be string'],
    [{ destination: '/topic/news', body: 'hi', headers: { 'a:b': 'x' } }, 'body/headers/a:b schema is false'],
    [{ destination: '/topic/news', body: 'hi', headers: { a: 'x\ny' } }, 'body/headers/a must match pattern'],
    [
      { destination: '/topic/news', body: {}, contentType: 'application/xml' },
      "There is no codec for 'application/xml'",
    ],
    [{ destination: '/topic/news', body: 'hi', contentType: 'x' }, "'x' is no content type"],
    [{ destination: '/topic/news', body: 'hi', contentType: 'text/plain\0' }, 'body/contentType must match pattern'],
    [[], 'body must be object'],
  ])('is told with its path: %j', async (payload, words) => {
    const reader = await enter('alice', '/topic/news', '/user/queue/notices')
    const answer = await post(payload)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().message).toContain(words)
    expect(await reader.rest()).toEqual([])
  })

  it.each([
    ['/app/hello', "Cannot publish to '/app/hello': message routes are reached by clients"],
    ['/nowhere/x', "Nothing is served at '/nowhere/x'"],
    ['/topics/x', "Nothing is served at '/topics/x'"],
    ['/temp-queue/x', "Nothing is served at '/temp-queue/x'"],
    ['/topic/*', "Cannot publish to '/topic/*'"],
    ['/topic//x', "Cannot publish to '/topic//x'"],
    ['topic/x', "Cannot publish to 'topic/x'"],
    ['\0user/x/queue/notices', "Cannot publish to '\0user/x/queue/notices'"],
    ['/user/alice', "'/user/alice' names no user"],
  ])('is what the broker refuses, in its words: %j', async (destination, words) => {
    const answer = await post({ destination, body: 'hi' })
    expect(answer.statusCode).toBe(400)
    expect(answer.json().message).toContain(words)
  })

  it.each(['queue/x', '/queue/*', '/queue//x'])('is what no user can subscribe to: %s', async (destination) => {
    const answer = await post({ user: 'alice', destination, body: 'hi' })
    expect(answer.statusCode).toBe(400)
    expect(answer.json().message).toBe(`Cannot publish to '${destination}' of a user`)
  })

  it('is a request of more than 64 KiB', async () => {
    expect((await post({ destination: '/topic/news', body: 'x'.repeat(65_536) })).statusCode).toBe(413)
    expect((await post({ destination: '/topic/news', body: 'x'.repeat(65_000) })).statusCode).toBe(202)
  })

  it('may be tried again later where a queue is full', async () => {
    await openWith(embeddedBroker({ maxQueueMessages: 1 }))
    expect((await post({ destination: '/queue/jobs', body: 'first' })).statusCode).toBe(202)
    const answer = await post({ destination: '/queue/jobs', body: 'second' })
    expect(answer.statusCode).toBe(503)
    expect(answer.json()).toMatchObject({ code: 'STOMP_ERR_QUEUE_FULL', message: expect.stringContaining('is full') })
  })

  it.each([
    ['STOMP_ERR_DESTINATION_LIMIT', 503],
    ['STOMP_ERR_STORE_FULL', 503],
    ['STOMP_ERR_STORE_FAILED', 500],
    ['STOMP_ERR_BROKER_UNAVAILABLE', 503],
    ['STOMP_ERR_BROKER_REFUSED', 502],
    ['STOMP_ERR_UNSUPPORTED', 400],
  ] as const)('is told by the status too: %s is %i', async (code, statusCode) => {
    await openWith(async (parts) => {
      const refuse = (): never => {
        throw new StompError(code)
      }
      return Object.assign(await embeddedBroker()(parts), { publish: refuse })
    })
    const answer = await post({ destination: '/topic/news', body: 'hi' })
    expect(answer.statusCode).toBe(statusCode)
    expect(answer.json()).toMatchObject({ code, message: STOMP_ERRORS[code].message })
  })
})
