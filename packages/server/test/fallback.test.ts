import { connect as connectTcp } from 'node:net'
import { HttpLink } from '@hoofbeat/sse/client'
import { Client, type IFrame, type IMessage } from '@stomp/stompjs'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import hoofbeat, { type HoofbeatOptions } from '../src/index.js'

const apps: FastifyInstance[] = []
const clients: Client[] = []

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.deactivate({ force: true })))
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

async function start(options: HoofbeatOptions = {}, prepare: (app: FastifyInstance) => unknown = () => {}) {
  const app = Fastify({
    // While it ends, links are still told of it; without this Fastify answers 503 by itself.
    return503OnClosing: false,
    // fetch, when a request is aborted, opens another connection in its place and keeps it.
    forceCloseConnections: true,
  })
  apps.push(app)
  await prepare(app)
  await app.register(hoofbeat, {
    allow: { send: ['/topic/**'], subscribe: ['/topic/**'] },
    drainMs: 0,
    ...options,
  })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${origin}/stomp${path}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { connection: 'close', ...headers },
    })
  return { app, origin, post }
}

type Rung = 'websocket' | 'stream' | 'poll'

/** An unmodified stompjs over a link that may use one rung only. */
function connect(origin: string, rung: Rung, options: ConstructorParameters<typeof HttpLink>[1] = {}) {
  const links: HttpLink[] = []
  const messages: IMessage[] = []
  const client = new Client({
    reconnectDelay: 0,
    webSocketFactory: () => {
      const link = new HttpLink(`${origin}/stomp`, { rungs: [rung], WebSocket: WebSocket as never, ...options })
      links.push(link)
      return link as never
    },
  })
  clients.push(client)
  const connected = new Promise<IFrame>((resolve) => {
    client.onConnect = resolve
  })
  const error = new Promise<IFrame>((resolve) => {
    client.onStompError = resolve
  })
  const closed = new Promise<{ readonly code: number; readonly reason: string }>((resolve) => {
    client.onWebSocketClose = resolve
  })
  client.activate()
  return { client, links, messages, connected, error, closed }
}

const receipt = (client: Client, act: (id: string) => void): Promise<void> =>
  new Promise((resolve) => {
    const id = crypto.randomUUID()
    client.watchForReceipt(id, () => resolve())
    act(id)
  })

const OPEN = { v: 1, protocols: ['v12.stomp'] }

interface OpenAnswer {
  readonly link: string
  readonly key: string
}

describe.each(['websocket', 'stream', 'poll'] as const)('a link by %s', (rung) => {
  it('carries a whole STOMP session, without heart-beats of STOMP', async () => {
    const { origin } = await start()
    const { client, connected, links, closed } = connect(origin, rung)
    expect((await connected).headers['heart-beat']).toBe('0,0')
    const bodies: string[] = []
    await receipt(client, (id) => client.subscribe('/topic/a', ({ body }) => bodies.push(body), { receipt: id }))
    const sent = Array.from({ length: 50 }, (_, i) => `${i} \u0001\r\n\0ünï 🐎`)
    for (const body of sent) client.publish({ destination: '/topic/a', body })
    await receipt(client, (id) => client.publish({ destination: '/topic/b', headers: { receipt: id } }))
    await expect.poll(() => bodies.length).toBe(50)
    expect(bodies).toEqual(sent)
    // A stream is proved by what comes behind its first write.
    await expect.poll(() => links[0]?.rung).toBe(rung)
    expect(links[0]?.protocol).toBe('v12.stomp')
    await client.deactivate()
    expect((await closed).code).toBe(1000)
  })

  it('carries bytes of any value both ways', async () => {
    const { origin } = await start()
    const { client, connected } = connect(origin, rung)
    await connected
    const body = Uint8Array.from({ length: 256 }, (_, i) => i)
    const got = new Promise<Uint8Array>((resolve) => {
      client.subscribe('/topic/a', (message) => resolve(message.binaryBody))
    })
    client.publish({ destination: '/topic/a', binaryBody: body })
    expect([...(await got)]).toEqual([...body])
  })

  it('tells an ERROR before it closes', async () => {
    const { origin } = await start()
    const { client, connected, error, closed } = connect(origin, rung)
    await connected
    client.subscribe('/queue/forbidden', () => {})
    expect((await error).headers.code).toBe('STOMP_ERR_FORBIDDEN')
    expect((await closed).code).toBe(1002)
  })

  it('is told of the end of the server as of a restart', async () => {
    const { app, origin } = await start({ drainMs: 100 })
    const { connected, closed } = connect(origin, rung)
    await connected
    const ended = app.close()
    expect((await closed).code).toBe(1012)
    await ended
  })

  it('gives the user that identify found at the opening', async () => {
    const { origin } = await start({
      identify: (request) => {
        const { user } = request.query as { user?: string }
        return user ?? request.headers.authorization?.slice(7)
      },
    })
    const headers = { authorization: 'Bearer alice' }
    class WithUser extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { headers })
      }
    }
    const { connected } = connect(origin, rung, { headers: () => headers, WebSocket: WithUser as never })
    expect((await connected).headers['user-name']).toBe('alice')
  })
})

describe('the credentials of a link', () => {
  const identifyBy = (lives: Readonly<Record<string, number>>, seen: string[]): HoofbeatOptions => ({
    identify: (request) => {
      const token = request.headers.authorization ?? ''
      seen.push(token)
      return { name: 'alice', expiresAtMs: Date.now() + (lives[token] ?? 0) }
    },
  })

  it('are renewed by the client before their end, and the session goes on', async () => {
    const seen: string[] = []
    const { origin } = await start(identifyBy({ first: 2_000, second: 3_600_000 }, seen))
    const tokens = ['first', 'second']
    const { client, connected, links } = connect(origin, 'stream', {
      headers: () => ({ authorization: tokens.shift() ?? 'second' }),
    })
    await connected
    await expect.poll(() => seen, { timeout: 5_000 }).toContain('second')
    await receipt(client, (id) => client.publish({ destination: '/topic/a', headers: { receipt: id } }))
    expect(links).toHaveLength(1)
  })

  it('end it with 4401 when they end', async () => {
    const { origin } = await start(identifyBy({ first: 300 }, []))
    const { connected, closed } = connect(origin, 'poll', { headers: () => ({ authorization: 'first' }) })
    await connected
    expect((await closed).code).toBe(4401)
  })
})

describe('the HTTP doors', () => {
  it('answer pages of allowed origins only, in a way that they may read', async () => {
    const { post } = await start({ allowedOrigins: ['https://good.example'] })
    for (const origin of ['https://bad.example', 'null']) {
      const refused = await post('/open', OPEN, { origin })
      expect([origin, refused.status, await refused.json()]).toEqual([origin, 403, { v: 1, error: 'forbidden' }])
      expect(refused.headers.get('access-control-allow-origin')).toBeNull()
    }
    const opened = await post('/open', OPEN, { origin: 'https://good.example' })
    expect(opened.status).toBe(200)
    expect(Object.fromEntries(opened.headers)).toMatchObject({
      'access-control-allow-origin': 'https://good.example',
      'access-control-allow-credentials': 'true',
      'timing-allow-origin': 'https://good.example',
      'cache-control': 'no-store, no-transform',
      'x-content-type-options': 'nosniff',
      vary: 'Origin',
    })
  })

  it('answer a preflight, which only pages with header fields of their own ask', async () => {
    const { origin } = await start({ allowedOrigins: ['https://good.example'] })
    const ask = (from: string): Promise<Response> =>
      fetch(`${origin}/stomp/some~link/up`, {
        method: 'OPTIONS',
        headers: { origin: from, 'access-control-request-headers': 'authorization', connection: 'close' },
      })
    const allowed = await ask('https://good.example')
    expect([allowed.status, allowed.headers.get('access-control-allow-headers')]).toEqual([204, 'authorization'])
    expect(allowed.headers.get('access-control-max-age')).toBe('86400')
    expect((await ask('https://bad.example')).status).toBe(403)
  })

  it('keep what the application does to every reply, on a stream too', async () => {
    const { post } = await start({}, (app) => {
      app.addHook('onRequest', async (_request, reply) => {
        reply.header('x-application', 'yes').header('vary', 'Accept')
      })
    })
    const opened = await post('/open', OPEN)
    expect([opened.headers.get('x-application'), opened.headers.get('vary')]).toEqual(['yes', 'Accept, Origin'])
    const { link, key } = (await opened.json()) as OpenAnswer
    const stream = await post(`/${link}/down`, { v: 1, key, attach: 1, ack: 0 })
    expect(Object.fromEntries(stream.headers)).toMatchObject({
      'x-application': 'yes',
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    })
    await stream.body?.cancel()
  })

  it('refuse with a hook of the application that refuses', async () => {
    const { post } = await start({}, (app) => {
      app.addHook('onRequest', async (_request, reply) => reply.code(418).send('teapot'))
    })
    expect((await post('/open', OPEN)).status).toBe(418)
  })

  it('take the JSON of a form or a page whatever type it is sent as, but nothing that is no JSON', async () => {
    const { post } = await start()
    for (const type of ['text/plain;charset=UTF-8', 'application/json', 'application/octet-stream']) {
      expect((await post('/open', OPEN, { 'content-type': type })).status).toBe(200)
    }
    for (const body of ['', 'a=b', '{"v":1}', '{"v":2,"protocols":[]}', '[]', 'null']) {
      const refused = await post('/open', body)
      expect([body, refused.status, await refused.json()]).toEqual([body, 400, expect.objectContaining({ v: 1 })])
    }
  })

  it('know no link by another key, and none that is made up', async () => {
    const { post } = await start()
    const { link, key } = (await (await post('/open', OPEN)).json()) as OpenAnswer
    const wrong = key.startsWith('A') ? `B${key.slice(1)}` : `A${key.slice(1)}`
    for (const [path, proof] of [
      [link, wrong],
      [`${link}x`, key],
      ['nobody~nothing', key],
    ]) {
      const refused = await post(`/${path}/up`, { v: 1, key: proof, seq: 1, ack: 0, items: [] })
      expect([refused.status, await refused.json()]).toEqual([404, expect.objectContaining({ v: 1, error: 'unknown' })])
    }
  })

  it('refuse a body that is too large before it is read', async () => {
    const { post } = await start()
    const { link, key } = (await (await post('/open', OPEN)).json()) as OpenAnswer
    const refused = await post(`/${link}/up`, { v: 1, key, seq: 1, ack: 0, items: ['x'.repeat(1_000_000)] }).catch(
      () => undefined,
    )
    // The server closes while the client still sends: some clients see the reply, others a broken connection.
    if (refused !== undefined) expect(refused.status).toBe(413)
    expect((await post(`/${link}/up`, { v: 1, key, seq: 1, ack: 0, items: [] })).status).toBe(200)
  })

  it('tell who is not known 401 and who may not 403, and bind a link to its user', async () => {
    const { post } = await start({
      identify: (request) => {
        const name = request.headers.authorization
        if (name === undefined) throw Object.assign(new Error('who?'), { statusCode: 401 })
        if (name === 'eve') throw Object.assign(new Error('not you'), { statusCode: 403 })
        return name
      },
    })
    expect((await post('/open', OPEN)).status).toBe(401)
    expect((await post('/open', OPEN, { authorization: 'eve' })).status).toBe(403)
    const { link, key } = (await (await post('/open', OPEN, { authorization: 'alice' })).json()) as OpenAnswer
    const up = { v: 1, key, seq: 1, ack: 0, items: [] }
    expect((await post(`/${link}/up`, up)).status).toBe(200)
    expect((await post(`/${link}/up`, up, { authorization: 'alice' })).status).toBe(200)
    expect((await post(`/${link}/up`, up, { authorization: 'bob' })).status).toBe(403)
    expect((await post(`/${link}/up`, up)).status).toBe(200)
  })

  it('speak HTTP/1.0: a stream without chunks, which ends with its connection', async () => {
    const { app, post } = await start()
    const { link, key } = (await (await post('/open', OPEN)).json()) as OpenAnswer
    const { port } = app.server.address() as { port: number }
    const body = JSON.stringify({ v: 1, key, attach: 1, ack: 0 })
    const text = await new Promise<string>((resolve, reject) => {
      let got = ''
      const socket = connectTcp(port, '127.0.0.1', () => {
        socket.write(`POST /stomp/${link}/down HTTP/1.0\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
      })
      socket.on('error', reject).on('data', (data) => {
        got += data
        if (!got.includes('event: o\n')) return
        socket.destroy()
        resolve(got)
      })
    })
    expect(text).not.toMatch(/transfer-encoding/i)
    expect(text).toMatch(/\r\n\r\nevent: o\ndata: \{"v":1,"attach":1,"from":1,"ack":0\}\n\n/)
  })

  it('are not there where an endpoint goes without', async () => {
    const { origin, post } = await start({ endpoints: [{ path: '/stomp', fallback: false }] })
    expect((await post('/open', OPEN)).status).toBe(404)
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/stomp`, ['v1.link.hoofbeat', 'v12.stomp'])
    await new Promise((resolve) => socket.once('open', resolve))
    expect(socket.protocol).toBe('v12.stomp')
    socket.terminate()
  })
})

describe('a plain WebSocket beside links', () => {
  it('never notices them', async () => {
    const { origin } = await start()
    for (const protocols of [['v12.stomp'], ['v10.stomp', 'v11.stomp'], []]) {
      const socket = new WebSocket(`${origin.replace('http', 'ws')}/stomp`, protocols)
      const first = new Promise<string>((resolve) => socket.once('message', (data) => resolve(String(data))))
      await new Promise((resolve) => socket.once('open', resolve))
      expect(socket.protocol).toBe(protocols[0] ?? '')
      socket.send('CONNECT\naccept-version:1.2\n\n\0')
      expect(await first).toMatch(/^CONNECTED\n/)
      socket.terminate()
    }
  })
})
