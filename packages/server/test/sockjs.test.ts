import type { IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import hoofbeat, { type HoofbeatOptions, type RawConnection, type SockJsOptions } from '../src/index.js'
import { createFakeClock } from '../src/testing/fake-clock.js'
import { gate } from './plugin-application.js'

const apps: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

async function start(
  sockjs: boolean | SockJsOptions = true,
  options: HoofbeatOptions = {},
  prepare: (app: FastifyInstance) => unknown = () => {},
) {
  const app = Fastify({ forceCloseConnections: true, trustProxy: true, return503OnClosing: false })
  apps.push(app)
  await app.register(hoofbeat, {
    endpoints: [{ path: '/stomp', sockjs }],
    allow: { send: ['/topic/**'], subscribe: ['/topic/**'] },
    heartBeat: { sendMs: 0, receiveMs: 0 },
    drainMs: 0,
    // Time stands still: a machine that is slow ends no session.
    clock: createFakeClock(),
    ...options,
  })
  await prepare(app)
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const request = (method: string, path: string, body?: string, headers: Record<string, string> = {}) =>
    fetch(`${origin}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
  const post = (path: string, body?: string, headers?: Record<string, string>) => request('POST', path, body, headers)
  const poll = async (path: string, headers?: Record<string, string>) =>
    (await post(`${path}/xhr`, undefined, headers)).text()
  const send = async (path: string, messages: readonly string[], headers?: Record<string, string>) =>
    (await post(`${path}/xhr_send`, JSON.stringify(messages), headers)).status
  return { app, origin, request, post, poll, send }
}

/** Text frames of a WebSocket, one after the other; at its end the close code and reason. */
async function open(url: string, headers: IncomingHttpHeaders = {}) {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers: headers as Record<string, string> })
  const waiting: string[] = []
  let wake = (): void => {}
  const put = (text: string): void => {
    waiting.push(text)
    wake()
  }
  socket.on('message', (data) => put(String(data)))
  socket.on('close', (code, reason) => put(`${code} ${reason}`))
  socket.on('error', () => {})
  const next = async (): Promise<string> => {
    while (waiting.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    return waiting.shift() ?? ''
  }
  return { socket, next }
}

const CONNECT = 'CONNECT\naccept-version:1.2\nhost:test\nheart-beat:0,0\n\n\0'
const subscribe = (destination: string) => `SUBSCRIBE\nid:1\ndestination:${destination}\n\n\0`

describe('STOMP over SockJS', () => {
  it('answers a poll with all MESSAGEs that wait, in order, in one frame', async () => {
    const { app, poll, send } = await start()
    expect(await poll('/stomp/1/a')).toBe('o\n')
    expect(await send('/stomp/1/a', [CONNECT, subscribe('/topic/a')])).toBe(204)
    expect(await poll('/stomp/1/a')).toMatch(/^a\["CONNECTED\\nversion:1.2\\n.*\\u0000"\]\n$/)
    for (const text of ['one', 'two', 'three']) {
      await app.stomp.publish('/topic/a', text)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const frame = await poll('/stomp/1/a')
    const messages: string[] = JSON.parse(frame.slice(1))
    expect(messages.map((message) => message.slice(message.indexOf('\n\n') + 2))).toEqual(['one\0', 'two\0', 'three\0'])
  })

  it('speaks it over the WebSocket of a session, and plain STOMP at /websocket', async () => {
    const { origin } = await start()
    const framed = await open(`${origin}/stomp/1/a/websocket`)
    expect(await framed.next()).toBe('o')
    framed.socket.send(JSON.stringify([CONNECT]))
    expect(await framed.next()).toMatch(/^a\["CONNECTED\\n/)
    const plain = await open(`${origin}/stomp/websocket`)
    await new Promise((resolve) => plain.socket.once('open', resolve))
    plain.socket.send(CONNECT)
    expect(await plain.next()).toMatch(/^CONNECTED\n/)
    const direct = await open(`${origin}/stomp`)
    await new Promise((resolve) => direct.socket.once('open', resolve))
    direct.socket.send(CONNECT)
    expect(await direct.next()).toMatch(/^CONNECTED\n/)
  })

  it.each(['websocket', 'xhr'])('refuses a binary message by an ERROR instead of changing it, over %s', async (how) => {
    const { app, origin, poll, send } = await start()
    const receive: { next(): Promise<string>; say(messages: string[]): unknown } =
      how === 'xhr'
        ? { next: () => poll('/stomp/1/a'), say: (messages) => send('/stomp/1/a', messages) }
        : await open(`${origin}/stomp/1/a/websocket`).then(({ socket, next }) => ({
            next,
            say: (messages) => socket.send(JSON.stringify(messages)),
          }))
    expect((await receive.next()).trim()).toBe('o')
    await receive.say([CONNECT, 'SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:s\n\n\0'])
    let seen = ''
    while (!seen.includes('RECEIPT')) seen += await receive.next()
    await app.stomp.publish('/topic/a', Buffer.from([0xff, 0xfe]))
    expect(await receive.next()).toMatch(/^a\["ERROR\\n.*code:STOMP_ERR_BINARY_UNSUPPORTED/)
    expect(await receive.next()).toMatch(/^c\[1003,/)
  })
})

describe('the life of a session over requests', () => {
  it('ends when nobody has asked for five seconds, and then its id is free again', async () => {
    const clock = createFakeClock()
    const ends: number[] = []
    const { poll, send } = await start(true, { clock }, (app) => {
      app.stomp.endpoint('/echo', { sockjs: true, close: (_connection, { code }) => void ends.push(code) })
    })
    expect(await poll('/echo/1/a')).toBe('o\n')
    clock.advance(4_900)
    expect(await send('/echo/1/a', [])).toBe(204)
    clock.advance(300)
    await new Promise((resolve) => setImmediate(resolve))
    expect(ends).toEqual([1006])
    expect(await send('/echo/1/a', ['x'])).toBe(404)
    expect(await poll('/echo/1/a')).toBe('o\n')
  })

  it('says h when there was nothing to say for 25 seconds', async () => {
    const clock = createFakeClock()
    const { origin, poll, app } = await start(true, { clock }, (app) => {
      app.stomp.endpoint('/echo', { sockjs: true })
    })
    expect(await poll('/echo/1/a')).toBe('o\n')
    const answered = poll('/echo/1/a')
    const framed = await open(`${origin}/echo/1/b/websocket`)
    expect(await framed.next()).toBe('o')
    // The poll has come in when the server has one more request than answers.
    while ((await connections(app)) < 2) await new Promise((resolve) => setImmediate(resolve))
    clock.advance(25_200)
    expect(await answered).toBe('h\n')
    expect(await framed.next()).toBe('h')
  })

  it('lets a second poll know that one is open', async () => {
    const { origin, poll } = await start(true, {}, (app) => app.stomp.endpoint('/echo', { sockjs: true }))
    expect(await poll('/echo/1/a')).toBe('o\n')
    const first = new AbortController()
    const waiting = fetch(`${origin}/echo/1/a/xhr_streaming`, { method: 'POST', signal: first.signal })
    await waiting
    expect(await poll('/echo/1/a')).toBe('c[2010,"Another connection still open"]\n')
    first.abort()
  })

  it('is over when the client breaks off a request, and says so', async () => {
    let end = (_code: number): void => {}
    const ended = new Promise<number>((resolve) => {
      end = resolve
    })
    const { origin, poll } = await start(true, {}, (app) =>
      app.stomp.endpoint('/echo', { sockjs: true, close: (_connection, { code }) => end(code) }),
    )
    const abort = new AbortController()
    await fetch(`${origin}/echo/1/a/xhr_streaming`, { method: 'POST', signal: abort.signal })
    abort.abort()
    expect(await ended).toBe(1006)
    expect(await poll('/echo/1/a')).toBe('c[1002,"Connection interrupted"]\n')
  })

  it('delivers what was sent before the close frame, which is said again until the session is forgotten', async () => {
    const clock = createFakeClock()
    const { poll, send } = await start(true, { clock }, (app) =>
      app.stomp.endpoint('/echo', {
        sockjs: true,
        open(connection) {
          connection.send('last words')
          connection.close(4000, 'enough')
        },
      }),
    )
    expect(await poll('/echo/1/a')).toBe('o\n')
    expect(await poll('/echo/1/a')).toBe('a["last words"]\n')
    expect(await poll('/echo/1/a')).toBe('c[4000,"enough"]\n')
    expect(await send('/echo/1/a', ['nobody hears this'])).toBe(204)
    expect(await poll('/echo/1/a')).toBe('c[4000,"enough"]\n')
    clock.advance(5_200)
    expect(await send('/echo/1/a', [])).toBe(404)
  })

  it('ends with 1001 when the server does, and opens no more', async () => {
    const { app, origin, poll } = await start(true, {}, (app) => app.stomp.endpoint('/echo', { sockjs: true }))
    expect(await poll('/echo/1/a')).toBe('o\n')
    const stream = await fetch(`${origin}/echo/1/b/xhr_streaming`, { method: 'POST' })
    const framed = await open(`${origin}/echo/1/c/websocket`)
    expect(await framed.next()).toBe('o')
    await app.close()
    expect(await stream.text()).toMatch(/\no\nc\[1001,""\]\n$/)
    expect(await framed.next()).toBe('c[1001,""]')
    expect(await framed.next()).toBe('1001 ')
  })
})

it('tells a user who comes between two polls that the server ends', async () => {
  const identify = ({ headers }: { readonly headers: IncomingHttpHeaders }) => headers.authorization
  const clock = createFakeClock()
  const { app, poll, origin } = await start(true, { identify, clock, drainMs: 4_000 }, (app) => {
    app.stomp.endpoint('/echo', { sockjs: true, open: (connection) => void connection.send('first') })
  })
  const ann = { authorization: 'ann' }
  expect(await poll('/echo/1/a', ann)).toBe('o\n')
  // This one is told late, and holds the end of the server back until then.
  const other = await open(`${origin}/echo/1/b/websocket`)
  expect([await other.next(), await other.next()]).toEqual(['o', 'a["first"]'])
  const closed = app.close()
  expect(await poll('/echo/1/a', ann)).toBe('a["first"]\n')
  expect(await poll('/echo/1/a', ann)).toBe('c[1001,""]\n')
  clock.advance(5_000)
  await closed
  expect(await other.next()).toBe('c[1001,""]')
})

describe('what has gone wrong once', () => {
  it('a turn of more messages than a call may have arguments is delivered', async () => {
    const { poll } = await start(true, { limits: { maxOutboxBytes: 64_000_000 } }, (app) =>
      app.stomp.endpoint('/echo', {
        sockjs: true,
        open(connection) {
          for (let i = 0; i < 200_000; i++) connection.send('')
        },
      }),
    )
    expect(await poll('/echo/1/a')).toBe('o\n')
    expect(JSON.parse((await poll('/echo/1/a')).slice(1))).toHaveLength(200_000)
  })

  it('empty messages count against the outbox of a client that does not ask', async () => {
    const opened: Promise<void>[] = []
    const { poll } = await start(true, {}, (app) =>
      app.stomp.endpoint('/echo', { sockjs: true, open: (connection) => void opened.push(endless(connection)) }),
    )
    expect(await poll('/echo/1/a')).toBe('o\n')
    await Promise.all(opened)
    let last = ''
    while (!last.startsWith('c')) last = await poll('/echo/1/a')
    expect(last).toBe('c[1013,"the client reads too slowly"]\n')
  })

  it('more messages at once than are worth their bytes are refused', async () => {
    const { origin, poll, post } = await start()
    expect(await poll('/stomp/1/a')).toBe('o\n')
    const many = JSON.stringify(new Array(50_001).fill(''))
    expect((await post('/stomp/1/a/xhr_send', many)).status).toBe(413)
    const { socket, next } = await open(`${origin}/stomp/1/b/websocket`)
    expect(await next()).toBe('o')
    socket.send(many)
    expect(await next()).toBe('c[1009,"Too many messages"]')
  })

  it('sessions of requests that wait behind another on one connection end with it', async () => {
    const { app, origin } = await start(true, {}, (app) => app.stomp.endpoint('/echo', { sockjs: true }))
    const { host, port, hostname } = new URL(origin)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    for (let i = 0; i < 5; i++)
      socket.write(`POST /echo/1/s${i}/xhr_streaming HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 0\r\n\r\n`)
    const endpoint = app.stomp.endpoint('/echo')
    while (endpoint.size < 5) await new Promise((resolve) => setImmediate(resolve))
    socket.destroy()
    while (endpoint.size > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(endpoint.size).toBe(0)
  })

  it.each(['xhr', 'xhr_streaming'])(
    'what drained sends before it closes arrives before the close, over %s',
    async (how) => {
      const { poll, post } = await start(true, {}, (app) =>
        app.stomp.endpoint('/echo', {
          sockjs: true,
          open: (connection) => void fill(connection),
          drained(connection) {
            connection.send('last')
            connection.close(4000, 'done')
          },
        }),
      )
      expect(await poll('/echo/1/a')).toBe('o\n')
      let seen = ''
      while (!seen.includes('c[4000')) seen += await (await post(`/echo/1/a/${how}`)).text()
      expect(seen).toMatch(/"last"\]\nc\[4000,"done"\]\n$/)
    },
  )

  it('requests that receive have no body to keep', async () => {
    const { post } = await start()
    expect((await post('/stomp/1/a/xhr', 'x'.repeat(5_000))).status).toBe(413)
  })

  it('sessions of one name below another parameter are others', async () => {
    const { poll, send } = await start(true, { identify: () => 'bob' }, (app) =>
      app.stomp.endpoint('/:tenant/chat', {
        sockjs: true,
      }),
    )
    expect(await poll('/acme/chat/1/a')).toBe('o\n')
    expect(await send('/evil/chat/1/a', ['x'])).toBe(404)
    expect(await poll('/evil/chat/1/a')).toBe('o\n')
  })

  it('a page of another site opens nothing by a GET that names no Origin', async () => {
    const { request } = await start(true, {}, (app) => app.stomp.endpoint('/echo', { sockjs: true }))
    for (const site of ['cross-site', 'same-site']) {
      const headers = { 'sec-fetch-site': site }
      for (const action of ['eventsource', 'htmlfile?c=x'])
        expect((await request('GET', `/echo/1/a/${action}`, undefined, headers)).status).toBe(403)
    }
  })

  it('no more sessions begin together than there may be', async () => {
    const { open: go, opened } = gate()
    const asked: unknown[] = []
    const identify = async ({ id }: { readonly id: string }) => {
      asked.push(id)
      if (asked.length === 6) go()
      await opened
      return null
    }
    const { post } = await start({ maxSessions: 2 }, { identify })
    const statuses = await Promise.all(
      Array.from({ length: 6 }, (_, i) => post(`/stomp/1/s${i}/xhr`).then(({ status }) => status)),
    )
    expect(statuses.sort()).toEqual([200, 200, 503, 503, 503, 503])
  })

  it('a cookie that we have never written is nobody’s', async () => {
    const { poll, post } = await start()
    expect(await poll('/stomp/1/a', { 'x-forwarded-for': '192.0.2.1' })).toBe('o\n')
    const strange = { 'x-forwarded-for': '192.0.2.2', cookie: `HOOFBEAT_SOCKJS=${'\u00e9'.repeat(22)}` }
    expect((await post('/stomp/1/a/xhr_send', '[]', strange)).status).toBe(404)
  })

  it('a deadline that the application has for its routes does not end a poll', async () => {
    const app = Fastify({ handlerTimeout: 50, forceCloseConnections: true })
    apps.push(app)
    await app.register(hoofbeat)
    app.stomp.endpoint('/echo', { sockjs: { heartBeatMs: 300 } })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    const poll = async () => (await fetch(`${origin}/echo/1/a/xhr`, { method: 'POST' })).text()
    expect([await poll(), await poll()]).toEqual(['o\n', 'h\n'])
  })

  it.each<[string, boolean | SockJsOptions, RegExp]>([
    ['/', true, /ends with no slash/],
    ['/x/', true, /ends with no slash/],
    ['/x', { heartBeatMs: 0 }, /sockjs.heartBeatMs/],
    ['/x', { maxSessions: Number.NaN }, /sockjs.maxSessions/],
  ])('the path %j with %j fails the start by name', async (path, sockjs, text) => {
    const app = Fastify()
    apps.push(app)
    await expect(app.register(hoofbeat, { endpoints: [{ path, sockjs }] }).ready()).rejects.toThrow(text)
  })

  it('an endpoint may be the prefix of its plugin', async () => {
    const { poll, request } = await start(true, {}, (app) => {
      app.register(async (scope) => void scope.stomp.endpoint('', { sockjs: true }), { prefix: '/api' })
    })
    expect(await poll('/api/1/a')).toBe('o\n')
    expect(await (await request('GET', '/api')).text()).toBe('Welcome to SockJS!\n')
    expect(await (await request('GET', '/api/')).text()).toBe('Welcome to SockJS!\n')
  })
})

/** Sends until it is held back. */
function fill(connection: RawConnection): void {
  for (let i = 0; connection.send(`${i} ${'x'.repeat(1_000)}`) === 'taken'; i++);
}

/** Sends nothing, again and again, until it has ended. */
async function endless(connection: RawConnection): Promise<void> {
  while (connection.isOpen) {
    for (let i = 0; i < 1_000; i++) connection.send('')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('what a client may send', () => {
  it('holds the answer back while a handler is at work, and takes no more than so much meanwhile', async () => {
    const { open: go, opened } = gate()
    const seen: unknown[] = []
    const { poll, post } = await start(true, {}, (app) =>
      app.stomp.endpoint('/echo', {
        sockjs: { maxBodyBytes: 262_144 },
        async message(_connection, data) {
          seen.push(typeof data === 'string' ? data.slice(0, 5) : data)
          await opened
        },
      }),
    )
    expect(await poll('/echo/1/a')).toBe('o\n')
    const big = JSON.stringify(['first', 'x'.repeat(65_000)])
    const sends = Array.from({ length: 12 }, () => post('/echo/1/a/xhr_send', big).then(({ status }) => status))
    expect(await Promise.race(sends)).toBe(429)
    expect(seen).toEqual(['first'])
    go()
    const statuses = await Promise.all(sends)
    expect(new Set(statuses)).toEqual(new Set([204, 429]))
    expect(seen).toHaveLength(2 * statuses.filter((status) => status === 204).length)
  })

  it('is refused with 413 when it is too large, readable for the page', async () => {
    const { origin, poll, post } = await start({ maxBodyBytes: 100_000 })
    expect(await poll('/stomp/1/a')).toBe('o\n')
    const answer = await post('/stomp/1/a/xhr_send', JSON.stringify(['x'.repeat(100_000)]), { origin })
    expect(answer.status).toBe(413)
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
  })

  it('is refused where it is ill-formed UTF-8 or holds other things than strings', async () => {
    const { origin, poll, post } = await start()
    expect(await poll('/stomp/1/a')).toBe('o\n')
    for (const body of ['[1]', '{}', 'null', '["a"', '[["a"]]'])
      expect(await (await post('/stomp/1/a/xhr_send', body)).text()).toBe('Broken JSON encoding.\n')
    const bytes = Buffer.concat([Buffer.from('["'), Buffer.from([0xff]), Buffer.from('"]')])
    const answer = await fetch(`${origin}/stomp/1/a/xhr_send`, { method: 'POST', body: bytes })
    expect([answer.status, await answer.text()]).toEqual([500, 'Broken JSON encoding.\n'])
  })
})

it('a binary WebSocket message is answered by a close that says why', async () => {
  const { origin } = await start()
  const { socket, next } = await open(`${origin}/stomp/1/a/websocket`)
  expect(await next()).toBe('o')
  socket.send(Buffer.from('["a"]'))
  expect(await next()).toBe('c[1003,"SockJS carries text only"]')
  expect(await next()).toBe('1003 SockJS carries text only')
})

describe('whose a session is', () => {
  const identify = ({ headers }: { readonly headers: IncomingHttpHeaders }) => {
    if (headers.authorization === 'nobody') throw new Error('no')
    return headers.authorization
  }
  const echo = (app: FastifyInstance) =>
    app.stomp.endpoint('/echo', {
      sockjs: true,
      message: (connection: RawConnection, data: string | Uint8Array) => void connection.send(data),
    })

  it('of a user: no other user gets at it, from the same address neither, and the user from any', async () => {
    const { poll, send } = await start(true, { identify }, echo)
    const ann = { authorization: 'ann' }
    expect(await poll('/echo/1/a', ann)).toBe('o\n')
    for (const other of [{ authorization: 'bob' }, { authorization: 'nobody' }, {}]) {
      expect(await send('/echo/1/a', ['x'], other as Record<string, string>)).toBe(404)
      expect(await poll('/echo/1/a', other as Record<string, string>)).toContain('404')
    }
    expect(await send('/echo/1/a', ['mine'], { ...ann, 'x-forwarded-for': '192.0.2.9' })).toBe(204)
    expect(await poll('/echo/1/a', { ...ann, 'x-forwarded-for': '192.0.2.7' })).toBe('a["mine"]\n')
  })

  it('of nobody in particular: the browser that opened it may change its address, others get nothing', async () => {
    const { post, poll, send } = await start(true, {}, echo)
    const at = (address: string, cookie?: string): Record<string, string> =>
      cookie === undefined ? { 'x-forwarded-for': address } : { 'x-forwarded-for': address, cookie }
    const first = await post('/echo/1/a/xhr', undefined, at('192.0.2.1'))
    expect(await first.text()).toBe('o\n')
    const [cookie = ''] = (first.headers.get('set-cookie') ?? '').split(';')
    expect(first.headers.get('set-cookie')).toMatch(/^HOOFBEAT_SOCKJS=[-\w]{22}; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(await send('/echo/1/a', ['x'], at('192.0.2.2'))).toBe(404)
    expect(await send('/echo/1/a', ['x'], at('192.0.2.2', 'HOOFBEAT_SOCKJS=AAAAAAAAAAAAAAAAAAAAAA'))).toBe(404)
    expect(await poll('/echo/1/a', at('192.0.2.2'))).toContain('404')
    expect(await send('/echo/1/a', ['by cookie'], at('192.0.2.3', cookie))).toBe(204)
    expect(await send('/echo/1/a', ['by address'], at('192.0.2.1'))).toBe(204)
    expect(await poll('/echo/1/a', at('192.0.2.4', `a=b; ${cookie}`))).toBe('a["by cookie","by address"]\n')
    // The browser has a cookie now: it gets no other.
    const second = await post('/echo/1/b/xhr', undefined, at('192.0.2.1', cookie))
    expect(second.headers.get('set-cookie')).toBeNull()
  })

  it('sets a cookie that pages of other sites may keep, where the client came by TLS', async () => {
    const { post } = await start(true, { allowedOrigins: '*' }, echo)
    const answer = await post('/echo/1/a/xhr', undefined, {
      'x-forwarded-proto': 'https',
      origin: 'https://other.test',
    })
    expect(answer.headers.get('set-cookie')).toMatch(/; SameSite=None; Secure; Partitioned$/)
  })

  it('is opened once by two requests that come together', async () => {
    const { open: go, opened: known } = gate()
    const asked: unknown[] = []
    const opened: string[] = []
    const identify = async ({ id }: { readonly id: string }) => {
      asked.push(id)
      if (asked.length === 2) go()
      await known
      return 'ann'
    }
    const { poll } = await start(true, { identify }, (app) =>
      app.stomp.endpoint('/echo', { sockjs: true, open: ({ id }) => void opened.push(id) }),
    )
    expect(await Promise.race([poll('/echo/1/a'), poll('/echo/2/a')])).toBe('o\n')
    expect(opened).toHaveLength(1)
  })

  it('may not begin where identify or the handshake refuse, nor beyond the limit', async () => {
    const { post } = await start({ maxSessions: 1 }, { identify }, (app) =>
      app.stomp.endpoint('/vetoed', { sockjs: true, handshake: () => false }),
    )
    expect((await post('/stomp/1/a/xhr', undefined, { authorization: 'nobody' })).status).toBe(401)
    expect((await post('/vetoed/1/a/xhr')).status).toBe(403)
    expect((await post('/stomp/1/a/xhr')).status).toBe(200)
    expect((await post('/stomp/1/b/xhr')).status).toBe(503)
  })
})

describe('pages of other origins', () => {
  it('are refused unless they are listed, on every door', async () => {
    const { request, post } = await start({ jsonp: true }, { allowedOrigins: ['https://good.test'] })
    const bad = { origin: 'https://bad.test' }
    expect((await request('GET', '/stomp/info', undefined, bad)).status).toBe(403)
    expect((await request('OPTIONS', '/stomp/1/a/xhr', undefined, bad)).status).toBe(403)
    for (const action of ['xhr', 'xhr_streaming', 'xhr_send', 'jsonp_send'])
      expect((await post(`/stomp/1/a/${action}`, '[]', bad)).status).toBe(403)
    for (const action of ['eventsource', 'htmlfile?c=x', 'jsonp?c=x'])
      expect((await request('GET', `/stomp/1/a/${action}`, undefined, bad)).status).toBe(403)
    const good = await post('/stomp/1/a/xhr', undefined, { origin: 'https://good.test' })
    expect(good.headers.get('access-control-allow-origin')).toBe('https://good.test')
    expect(good.headers.get('access-control-allow-credentials')).toBe('true')
  })

  it('get no JSONP, which no Origin tells of, unless all are allowed', async () => {
    const foreign = { 'sec-fetch-site': 'cross-site' }
    const careful = await start({ jsonp: true }, { allowedOrigins: ['https://good.test'] })
    expect((await careful.request('GET', '/stomp/1/a/jsonp?c=x', undefined, foreign)).status).toBe(403)
    expect((await careful.request('GET', '/stomp/1/a/jsonp?c=x')).status).toBe(200)
    const open = await start({ jsonp: true }, { allowedOrigins: '*' })
    expect((await open.request('GET', '/stomp/1/a/jsonp?c=x', undefined, foreign)).status).toBe(200)
    const off = await start()
    expect((await off.request('GET', '/stomp/1/a/jsonp?c=x')).status).toBe(404)
    expect((await off.post('/stomp/1/a/jsonp_send', 'd=%5B%5D')).status).toBe(404)
  })

  it('may show the iframe page only if they are listed', async () => {
    const clientUrl = '/sockjs.min.js'
    const policy = async (options: HoofbeatOptions) => {
      const { request } = await start({ clientUrl }, options)
      return (await request('GET', '/stomp/iframe-1.6.1.html')).headers.get('content-security-policy')
    }
    expect(await policy({})).toBe("frame-ancestors 'self'")
    expect(await policy({ allowedOrigins: '*' })).toBe('frame-ancestors *')
    expect(await policy({ allowedOrigins: ['https://a.test', 'null', 'https://b.test; script-src *'] })).toBe(
      "frame-ancestors 'self' https://a.test",
    )
    const { request } = await start()
    expect((await request('GET', '/stomp/iframe.html')).status).toBe(404)
  })
})

describe('one path for all', () => {
  it('answers plain WebSocket, the fallback, clients without STOMP and SockJS beside each other', async () => {
    const { origin, request, post, poll } = await start()
    expect(await (await request('GET', '/stomp')).text()).toBe('Welcome to SockJS!\n')
    expect((await post('/stomp/open', JSON.stringify({ v: 1, protocols: ['v12.stomp'] }))).status).toBe(200)
    expect((await post('/stomp/send?destination=/topic/a', 'hello')).status).toBe(204)
    expect(await poll('/stomp/1/a')).toBe('o\n')
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/stomp`, ['v12.stomp'])
    await new Promise((resolve) => socket.once('open', resolve))
    expect(socket.protocol).toBe('v12.stomp')
    socket.close()
  })

  it('has no WebSocket where that is switched off, and says so', async () => {
    const { origin, request } = await start(true, { endpoints: [{ path: '/stomp', sockjs: true, websocket: false }] })
    expect(await (await request('GET', '/stomp/info')).json()).toMatchObject({ websocket: false })
    expect((await request('GET', '/stomp')).status).toBe(200)
    for (const path of ['', '/websocket', '/1/a/websocket']) {
      const socket = new WebSocket(`${origin.replace('http', 'ws')}/stomp${path}`)
      const failed = await new Promise<Error>((resolve) => socket.once('error', resolve))
      expect(failed.message).toBe('Unexpected server response: 404')
    }
  })

  it('works below prefixes and parameters, whatever the router makes of slashes', async () => {
    const { poll, request } = await start(true, {}, (app) => {
      app.register(
        async (scope) => {
          scope.stomp.endpoint('/rooms/:room', {
            sockjs: true,
            open: (connection) => void connection.send((connection.request.params as { room: string }).room),
          })
        },
        { prefix: '/api' },
      )
    })
    expect(await poll('/api/rooms/blue%20one/1/a')).toBe('o\n')
    expect(await poll('/api/rooms/blue%20one/1/a')).toBe('a["blue one"]\n')
    expect((await request('POST', '/api/rooms/blue//1/a/xhr')).status).toBe(404)
    expect((await request('POST', '/api/rooms/blue/1/a./xhr')).status).toBe(404)
    expect((await request('POST', '/api/rooms/blue/1/a%2Fb/xhr')).status).toBe(200)
  })
})

function connections(app: FastifyInstance): Promise<number> {
  return new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count)))
}
