import { get } from 'node:http'
import { connect } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import hoofbeat, { embeddedBroker, type HoofbeatOptions } from '../src/index.js'
import { EventClient, type ReceivedEvent } from './event-client.js'

const apps: FastifyInstance[] = []
const readers: EventClient[] = []

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close()
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

const HISTORY = { history: [{ topics: '/topic/kept/*', count: 3 }] }

async function start(options: HoofbeatOptions = {}, prepare: (app: FastifyInstance) => unknown = () => {}) {
  const app = Fastify()
  apps.push(app)
  await app.register(hoofbeat, {
    broker: embeddedBroker(HISTORY),
    allow: { send: ['/topic/**', '/queue/**'], subscribe: ['/topic/**', '/queue/**'] },
    drainMs: 0,
    ...options,
  })
  await prepare(app)
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const query = (destinations: readonly string[]): string =>
    destinations.map((each) => `destination=${encodeURIComponent(each)}`).join('&')
  return {
    app,
    origin,
    async listen(destinations: readonly string[], headers: Record<string, string> = {}): Promise<EventClient> {
      const reader = await EventClient.open(`${origin}/stomp/events?${query(destinations)}`, headers)
      readers.push(reader)
      return reader
    },
    async send(destination: string, body: string | Uint8Array, { headers = {}, more = '' } = {}): Promise<Response> {
      return fetch(`${origin}/stomp/send?${query([destination])}${more}`, { method: 'POST', body, headers })
    },
  }
}

const next = async (reader: EventClient, count: number): Promise<string[]> => {
  const events: string[] = []
  for (let i = 0; i < count; i++) {
    const event = await reader.next()
    events.push(`${event?.event} ${event?.data}`)
  }
  return events
}

describe('GET {path}/events', () => {
  it('lets go of readers that wait behind another on one connection, with the connection', async () => {
    const { app, origin } = await start()
    const { host, hostname, port } = new URL(origin)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    for (let i = 0; i < 3; i++) {
      socket.write(`GET /stomp/events?destination=/topic/a HTTP/1.1\r\nhost: ${host}\r\n\r\n`)
    }
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    while (app.stomp.users.sessionCount < 3) await turn()
    await turn()
    socket.destroy()
    while (app.stomp.users.sessionCount > 0) await turn()
    expect(app.stomp.users.sessionCount).toBe(0)
  })

  it('gives each message as an event: id, destination, text', async () => {
    const { listen, send } = await start()
    const reader = await listen(['/topic/a'])
    expect(reader.status).toBe(200)
    expect(reader.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(reader.headers['cache-control']).toBe('no-store, no-transform')
    expect(reader.headers['x-accel-buffering']).toBe('no')
    expect((await send('/topic/a', 'one')).status).toBe(204)
    expect((await send('/topic/a', 'two\nlines, and ünïcödé \0')).status).toBe(204)
    const first = (await reader.next()) as ReceivedEvent
    expect(first).toMatchObject({ event: '/topic/a', data: 'one' })
    expect(first.id).toMatch(/^[0-9a-f]{8}-\d+$/)
    expect(await reader.next()).toMatchObject({ data: 'two\nlines, and ünïcödé \0' })
  })

  it('gives a body that is no text as base64, under a marked name', async () => {
    const { listen, send } = await start()
    const reader = await listen(['/topic/a'])
    await send('/topic/a', new Uint8Array([0xff, 0x00, 0x80]))
    expect(await next(reader, 1)).toEqual(['base64 /topic/a /wCA'])
  })

  it('follows several destinations and wildcards in one stream', async () => {
    const { listen, send } = await start()
    const reader = await listen(['/topic/a', '/topic/b/*'])
    for (const destination of ['/topic/b/1', '/topic/a', '/topic/c', '/topic/b/2']) await send(destination, 'x')
    expect(await next(reader, 3)).toEqual(['/topic/b/1 x', '/topic/a x', '/topic/b/2 x'])
  })

  it('resumes behind the last event id, without gap or repeat', async () => {
    const { listen, send } = await start()
    const before = await listen(['/topic/kept/a'])
    await send('/topic/kept/a', 'one')
    await next(before, 1)
    before.close()
    await send('/topic/kept/a', 'two')
    const after = await listen(['/topic/kept/a'], { 'last-event-id': before.lastEventId })
    await send('/topic/kept/a', 'three')
    expect(await next(after, 2)).toEqual(['/topic/kept/a two', '/topic/kept/a three'])
  })

  it('resumes from the moment of its start where no message had come yet', async () => {
    const { listen, send } = await start()
    await send('/topic/kept/a', 'old')
    const before = await listen(['/topic/kept/a', '/topic/kept/b'])
    await before.primed()
    before.close()
    await send('/topic/kept/b', 'one')
    await send('/topic/kept/a', 'two')
    const after = await listen(['/topic/kept/a', '/topic/kept/b'], { 'last-event-id': before.lastEventId })
    expect((await next(after, 2)).sort()).toEqual(['/topic/kept/a two', '/topic/kept/b one'])
  })

  it('knows how far it has come in each of several destinations', async () => {
    const { listen, send } = await start()
    const before = await listen(['/topic/kept/a', '/topic/kept/b'])
    for (const destination of ['a', 'b', 'b']) await send(`/topic/kept/${destination}`, 'seen')
    await next(before, 3)
    before.close()
    for (const [destination, body] of [
      ['b', '1'],
      ['a', '2'],
      ['b', '3'],
    ] as const)
      await send(`/topic/kept/${destination}`, body)
    const after = await listen(['/topic/kept/a', '/topic/kept/b'], { 'last-event-id': before.lastEventId })
    expect((await next(after, 3)).sort()).toEqual(['/topic/kept/a 2', '/topic/kept/b 1', '/topic/kept/b 3'])
  })

  it('tells a gap where the history does not reach back, and where none is kept', async () => {
    const { listen, send } = await start()
    const before = await listen(['/topic/kept/a'])
    await send('/topic/kept/a', 'seen')
    await next(before, 1)
    for (const body of ['1', '2', '3', '4']) await send('/topic/kept/a', body)
    const after = await listen(['/topic/kept/a'], { 'last-event-id': before.lastEventId })
    expect(await next(after, 4)).toEqual(['gap /topic/kept/a', '/topic/kept/a 2', '/topic/kept/a 3', '/topic/kept/a 4'])
    const without = await listen(['/topic/none'], { 'last-event-id': before.lastEventId })
    await send('/topic/none', 'new')
    expect(await next(without, 2)).toEqual(['gap /topic/none', '/topic/none new'])
  })

  it('is refused as a SUBSCRIBE is, before anything is written', async () => {
    const { app, listen } = await start({ allow: { subscribe: ['/topic/a', '/topic/kept/*'] } }, (instance) => {
      instance.stomp.addHook('authorizeSubscribe', ({ destination }) => {
        if (destination === '/topic/kept/secret') throw Object.assign(new Error('not for you'), { statusCode: 403 })
      })
    })
    const cases: readonly (readonly [readonly string[], number, string])[] = [
      [[], 400, 'STOMP_ERR_HEADER_MISSING'],
      [['topic'], 400, 'STOMP_ERR_DESTINATION_INVALID'],
      [['/topic/a', '/topic/b'], 403, 'STOMP_ERR_FORBIDDEN'],
      [['/topic/kept/secret'], 403, 'STOMP_ERR_FORBIDDEN'],
      [['/app/none'], 404, 'STOMP_ERR_ROUTE_UNKNOWN'],
    ]
    for (const [destinations, status, code] of cases) {
      const refused = await listen(destinations)
      expect([destinations, refused.status, (await refused.json()).code]).toEqual([destinations, status, code])
    }
    // Nothing is left behind of them.
    expect(app.stomp.admin?.destinations()).toEqual([])
  })

  it('gives what a subscription route answers', async () => {
    const { listen } = await start({}, (app) =>
      app.stomp.subscription('/hello/:name', async (s) => `Hi ${s.params.name}`),
    )
    expect(await next(await listen(['/app/hello/you']), 1)).toEqual(['/app/hello/you Hi you'])
  })

  it('ends its subscriptions when the reader has gone', async () => {
    const { app, listen, send } = await start()
    const reader = await listen(['/queue/jobs'])
    await send('/queue/jobs', 'one')
    await next(reader, 1)
    expect(app.stomp.admin?.destinations()).toMatchObject([{ consumers: 1 }])
    reader.close()
    await expect.poll(() => app.stomp.admin?.destinations()).toEqual([])
  })

  it('leaves no subscription behind of a reader that goes while a hook is asked', async () => {
    let allow = (): void => {}
    const asked = new Promise<void>((resolve) => {
      allow = resolve
    })
    let begun = (): void => {}
    const isAsked = new Promise<void>((resolve) => {
      begun = resolve
    })
    const { app, origin } = await start({}, (instance) => {
      instance.stomp.addHook('authorizeSubscribe', async () => {
        begun()
        await asked
      })
    })
    const gone = new Promise<void>((resolve) => {
      app.server.on('connection', (socket) => socket.on('close', () => resolve()))
    })
    const request = get(`${origin}/stomp/events?destination=/topic/a`, { agent: false }).on('error', () => {})
    await isAsked
    request.destroy()
    await gone
    allow()
    await new Promise((resolve) => setImmediate(resolve))
    await expect.poll(() => app.stomp.admin?.destinations()).toEqual([])
  })

  it('ends with the server', async () => {
    const { app, listen } = await start()
    const reader = await listen(['/topic/a'])
    await app.close()
    expect(await reader.next()).toBeUndefined()
  })
})

describe('POST {path}/send', () => {
  it('runs a message route and tells its outcome as the status', async () => {
    const { send } = await start({}, (app) => {
      app.stomp.message('/double', { schema: { body: { type: 'number' } } }, async (message) => {
        if (message.body === 13) throw new Error('internal')
      })
    })
    const headers = { 'content-type': 'application/json' }
    expect((await send('/app/double', '4', { headers })).status).toBe(204)
    const invalid = await send('/app/double', '"x"', { headers })
    expect([invalid.status, await invalid.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'STOMP_ERR_BODY_INVALID' }),
    ])
    const failed = await send('/app/double', '13', { headers })
    expect(failed.status).toBe(500)
    expect(await failed.text()).not.toContain('internal')
  })

  it('makes further parameters headers, but none that are not the sender’s to set', async () => {
    const { send } = await start({}, (app) => {
      app.stomp.message('/colour', async ({ headers }) => {
        if (headers.get('colour') !== 'blue') throw new Error('not blue')
      })
    })
    expect((await send('/app/colour', '', { more: '&colour=blue' })).status).toBe(204)
    expect((await send('/app/colour', '', { more: '&colour=red' })).status).toBe(500)
    expect((await send('/app/colour', '', { more: '&receipt=1' })).status).toBe(400)
    expect((await send('/app/colour', '', { more: '&destination=/topic/b' })).status).toBe(400)
  })

  it('refuses what a SEND would be refused for', async () => {
    const { origin, send } = await start({ allow: {}, limits: { maxBodyBytes: 10 } })
    expect((await send('/topic/a', 'x')).status).toBe(403)
    expect((await send('/topic/a', 'x'.repeat(11))).status).toBe(413)
    expect((await fetch(`${origin}/stomp/send`, { method: 'POST', body: 'x' })).status).toBe(400)
  })
})

describe('both', () => {
  it('ask identify and authenticate, with HTTP credentials in the place of CONNECT', async () => {
    const seen: unknown[] = []
    const { listen, send } = await start({
      identify: (request) => (request.headers['x-user'] === 'eve' ? Promise.reject(new Error('no')) : 'door'),
      authenticate: ({ login, passcode, identity, headers }) => {
        seen.push([login, passcode, identity, headers.get('authorization') !== undefined])
        if (passcode === 'wrong') throw new Error('wrong')
        return login
      },
    })
    const authorization = (text: string): { authorization: string } => ({
      authorization: `Basic ${Buffer.from(text).toString('base64')}`,
    })
    expect((await send('/topic/a', 'x', { headers: authorization('alice:se:cret') })).status).toBe(204)
    expect((await listen(['/topic/a'], authorization('alice:wrong'))).status).toBe(401)
    expect((await send('/topic/a', 'x', { headers: { 'x-user': 'eve' } })).status).toBe(401)
    expect(seen).toEqual([
      ['alice', 'se:cret', 'door', true],
      ['alice', 'wrong', 'door', true],
    ])
  })

  it('open to pages of the same and of allowed origins only, who may read the answers', async () => {
    const { listen, send } = await start({ allowedOrigins: ['https://good.example'] })
    const good = { origin: 'https://good.example' }
    expect((await send('/topic/a', 'x', { headers: { origin: 'https://bad.example' } })).status).toBe(403)
    expect((await send('/topic/a', 'x', { headers: { origin: 'null' } })).status).toBe(403)
    expect((await listen(['/topic/a'], { origin: 'https://bad.example' })).status).toBe(403)
    const allowed = await send('/topic/a', 'x', { headers: good })
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://good.example')
    expect((await listen(['/topic/a'], good)).headers['access-control-allow-origin']).toBe('https://good.example')
  })
})
