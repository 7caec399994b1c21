import type { AddressInfo } from 'node:net'
import fastifyCookie from '@fastify/cookie'
import fastifyCsrf from '@fastify/csrf-protection'
import fastifySession from '@fastify/session'
import { HttpLink } from '@hoofbeat/sse/client'
import { Client } from '@stomp/stompjs'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import hoofbeat, { type HoofbeatOptions } from '../src/index.js'
import { connectTestClient } from '../src/testing/stomp-client.js'
import { EventClient } from './event-client.js'
import { openRawClient } from './raw-client.js'

const apps: FastifyInstance[] = []
const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const each of open.splice(0)) each.close()
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

type Store = 'session' | 'cookie' | 'signed cookie'

/** An application whose pages get their token from GET /csrf, as @fastify/csrf-protection has it. */
async function start(
  store: Store | undefined,
  options: HoofbeatOptions = { csrf: true },
  getToken?: (request: FastifyRequest) => string | undefined,
) {
  const app = Fastify({ forceCloseConnections: true })
  apps.push(app)
  await app.register(fastifyCookie, { secret: 'a secret for signing cookies, of tests' })
  if (store === 'session') {
    await app.register(fastifySession, { secret: 'a secret of more than 32 characters', cookie: { secure: false } })
    await app.register(fastifyCsrf, { sessionPlugin: '@fastify/session' })
  } else if (store !== undefined) {
    const cookieOpts = { path: '/', signed: store === 'signed cookie' }
    await app.register(fastifyCsrf, { cookieOpts, ...(getToken && { getToken: (request) => getToken(request) ?? '' }) })
  }
  const authenticated: (string | undefined)[] = []
  await app.register(hoofbeat, {
    authenticate: (connect) => {
      authenticated.push(connect.login)
      return connect.login
    },
    allow: { send: ['/topic/**'], subscribe: ['/topic/**', '/queue/**'] },
    drainMs: 0,
    ...options,
  })
  if (store !== undefined) app.get('/csrf', async (_request, reply) => ({ token: reply.generateCsrf() }))
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return {
    app,
    origin,
    authenticated,
    /** What a browser has after its page has asked for a token. */
    async visit(): Promise<{ token: string; cookie: string }> {
      const response = await fetch(`${origin}/csrf`)
      const { token } = (await response.json()) as { token: string }
      return {
        token,
        cookie: response.headers
          .getSetCookie()
          .map((each) => each.split(';')[0])
          .join('; '),
      }
    },
    /** CONNECT over a real upgrade; the answer in short. */
    async connect(cookie: string | undefined, token: string | undefined, header = 'x-csrf-token'): Promise<string> {
      const headers = cookie === undefined ? {} : { cookie }
      const socket = new WebSocket(`ws://127.0.0.1:${port}/stomp`, ['v12.stomp'], { headers })
      open.push({ close: () => socket.terminate() })
      const client = await openRawClient(socket)
      client.send({
        command: 'CONNECT',
        headers: { 'accept-version': '1.2', host: 'x', login: 'ada', ...(token !== undefined && { [header]: token }) },
      })
      const answer = await client.next()
      if (answer.command === 'CONNECTED') return 'CONNECTED'
      return `${answer.headers.get('code')} ${answer.headers.get('message')}`
    },
  }
}

describe.each(['session', 'cookie', 'signed cookie'] as const)('csrf with a secret in the %s', (store) => {
  it('takes a token that the page has fetched, as often as it connects', async () => {
    const { visit, connect } = await start(store)
    const { token, cookie } = await visit()
    expect(await connect(cookie, token)).toBe('CONNECTED')
    expect(await connect(cookie, token)).toBe('CONNECTED')
  })

  it('refuses a missing token, a wrong one and the token of another session, before authenticate is asked', async () => {
    const { visit, connect, authenticated } = await start(store)
    const [mine, yours] = [await visit(), await visit()]
    expect(await connect(mine.cookie, undefined)).toBe(
      "STOMP_ERR_CSRF The CSRF token is missing: it belongs into 'x-csrf-token'",
    )
    const refused = 'STOMP_ERR_CSRF The CSRF token was not accepted'
    expect(await connect(mine.cookie, '')).toContain('is missing')
    expect(await connect(mine.cookie, 'guess')).toBe(refused)
    expect(await connect(mine.cookie, `${mine.token}x`)).toBe(refused)
    expect(await connect(mine.cookie, yours.token)).toBe(refused)
    expect(await connect(undefined, mine.token)).toBe(refused)
    expect(authenticated).toEqual([])
    expect(await connect(yours.cookie, yours.token)).toBe('CONNECTED')
  })

  it('asks for it at POST {path}/send, in the HTTP header', async () => {
    const { visit, origin } = await start(store)
    const { token, cookie } = await visit()
    const send = (headers: Record<string, string>) =>
      fetch(`${origin}/stomp/send?destination=/topic/a`, { method: 'POST', body: 'x', headers: { cookie, ...headers } })
    const missing = await send({})
    expect(missing.status).toBe(403)
    expect(await missing.json()).toMatchObject({ code: 'STOMP_ERR_CSRF' })
    expect((await send({ 'x-csrf-token': 'guess' })).status).toBe(403)
    // What is believed of who only reads is not believed of who does something.
    expect((await send({ 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' })).status).toBe(403)
    expect((await send({ 'x-csrf-token': token })).status).toBe(204)
  })
})

describe('csrf', () => {
  it('is not asked of clients that did not come by HTTP', async () => {
    const { app } = await start('session')
    const client = connectTestClient(app)
    expect((await client.connect()).command).toBe('CONNECTED')
    client.link.close()
  })

  it('takes the header it is told to, and a function of the application, which sees the request of the upgrade', async () => {
    const asked: string[] = []
    const { connect } = await start(undefined, {
      csrf: {
        header: 'X-My-Token',
        verify: async (token, request) => {
          asked.push(`${token} ${request.url} ${request.headers.cookie}`)
          return token === 'good'
        },
      },
    })
    expect(await connect('c=1', 'good', 'X-My-Token')).toBe('CONNECTED')
    expect(await connect('c=2', 'bad', 'X-My-Token')).toContain('STOMP_ERR_CSRF')
    expect(await connect('c=3', 'good')).toContain("it belongs into 'X-My-Token'")
    expect(asked).toEqual(['good /stomp c=1', 'bad /stomp c=2'])
  })

  it('takes the header it is told to together with @fastify/csrf-protection, wherever that looks for the token', async () => {
    const csrf = { header: 'X-My-Token' }
    const asUsual = await start('cookie', { csrf })
    const first = await asUsual.visit()
    expect(await asUsual.connect(first.cookie, first.token, 'X-My-Token')).toBe('CONNECTED')
    const ownWay = await start('cookie', { csrf }, (request) => String(request.headers['x-my-token']))
    const second = await ownWay.visit()
    expect(await ownWay.connect(second.cookie, second.token, 'X-My-Token')).toBe('CONNECTED')
    expect(await ownWay.connect(first.cookie, second.token, 'X-My-Token')).toContain('STOMP_ERR_CSRF')
  })

  it('takes no truthy value for true, and what the function throws for a refusal', async () => {
    const verdicts: unknown[] = ['yes', 1, {}]
    const { connect } = await start(undefined, {
      csrf: {
        verify: () => {
          if (verdicts.length === 0) throw new Error('the store of sessions is down')
          return verdicts.pop() as boolean
        },
      },
    })
    for (let i = 0; i < 4; i++) expect(await connect('', 't')).toBe('STOMP_ERR_CSRF The CSRF token was not accepted')
  })

  it('is asked of links of the fallback too', async () => {
    const asked: string[] = []
    const { origin } = await start(undefined, {
      csrf: {
        verify: (token, request) => {
          asked.push(request.method)
          return token === 'good'
        },
      },
    })
    const answer = (token: string): Promise<string> =>
      new Promise((resolve) => {
        const client = new Client({
          reconnectDelay: 0,
          connectHeaders: { 'x-csrf-token': token },
          webSocketFactory: () => new HttpLink(`${origin}/stomp`, { rungs: ['stream'] }) as never,
          onConnect: () => resolve('CONNECTED'),
          onStompError: (frame) => resolve(frame.headers.code ?? ''),
        })
        open.push({ close: () => client.deactivate({ force: true }) })
        client.activate()
      })
    expect(await answer('bad')).toBe('STOMP_ERR_CSRF')
    expect(await answer('good')).toBe('CONNECTED')
    expect(asked).toEqual(['POST', 'POST'])
  })

  it('is refused when the plugin is registered, where nothing can verify', async () => {
    await expect(start(undefined)).rejects.toThrow(
      'csrf: register @fastify/csrf-protection before this plugin, or give csrf.verify',
    )
  })
})

describe('csrf at GET {path}/events', () => {
  const scripts = { 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' }

  it.each([
    ['an EventSource of the same origin', { ...scripts, 'sec-fetch-site': 'same-origin' }, 200],
    [
      'an EventSource of a listed origin',
      { ...scripts, 'sec-fetch-site': 'cross-site', origin: 'https://a.example' },
      200,
    ],
    ['an EventSource of a listed origin, in a browser without Fetch Metadata', { origin: 'https://a.example' }, 200],
    [
      'an EventSource of a foreign origin',
      { ...scripts, 'sec-fetch-site': 'cross-site', origin: 'https://b.example' },
      403,
    ],
    ['an image of a foreign page', { 'sec-fetch-dest': 'image', 'sec-fetch-site': 'cross-site' }, 403],
    [
      'an image of the page itself, perhaps by a user',
      { 'sec-fetch-dest': 'image', 'sec-fetch-site': 'same-origin' },
      403,
    ],
    ['a link of a foreign page', { 'sec-fetch-dest': 'document', 'sec-fetch-site': 'cross-site' }, 403],
    ['a link of the page itself', { 'sec-fetch-dest': 'document', 'sec-fetch-site': 'same-origin' }, 403],
    [
      'a script of a sibling domain that reads nothing',
      { ...scripts, 'sec-fetch-mode': 'no-cors', 'sec-fetch-site': 'same-site' },
      403,
    ],
    ['a client that says nothing of itself', {}, 403],
    ['a client with a token', { 'x-csrf-token': 'good' }, 200],
    ['an image with a token, which no page can send', { 'x-csrf-token': 'bad', 'sec-fetch-dest': 'image' }, 403],
  ])('%s', async (_title, headers, status) => {
    const { origin } = await start(undefined, {
      allowedOrigins: ['https://a.example'],
      csrf: { verify: (token) => token === 'good' },
    })
    const reader = await EventClient.open(
      `${origin}/stomp/events?destination=/queue/a`,
      headers as Record<string, string>,
    )
    open.push(reader)
    expect(reader.status).toBe(status)
  })

  it.each([
    ['an EventSource of some page', { ...scripts, 'sec-fetch-site': 'cross-site', origin: 'https://b.example' }, 403],
    ['an EventSource of some page, in a browser without Fetch Metadata', { origin: 'https://b.example' }, 403],
    ['an EventSource of the same origin', { ...scripts, 'sec-fetch-site': 'same-origin' }, 200],
    ['a page of the same origin that names itself', { origin: 'own' }, 200],
    ['a page of another origin with a token', { origin: 'https://b.example', 'x-csrf-token': 'good' }, 200],
  ])('takes nobody for known because all may connect: %s', async (_title, headers, status) => {
    const { origin } = await start(undefined, { allowedOrigins: '*', csrf: { verify: (token) => token === 'good' } })
    const said = Object.entries(headers).map(([name, value]) => [name, value === 'own' ? origin : value])
    const reader = await EventClient.open(`${origin}/stomp/events?destination=/queue/a`, Object.fromEntries(said))
    open.push(reader)
    expect(reader.status).toBe(status)
  })
})
