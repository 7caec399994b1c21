import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import hoofbeat, { type HoofbeatOptions } from '../src/index.js'
import {
  type Carried,
  connected,
  overLink,
  overSockJsPolls,
  overSockJsWebSocket,
  overWebSocket,
  ping,
  type Where,
} from './carriers.js'
import { createLeapingClock } from './leaping-clock.js'

declare module 'fastify' {
  interface Session {
    user?: string
    stompSessions?: string[]
  }
}

const apps: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

interface Order {
  /** Where the plugins of HTTP sessions are registered: `beside`: in a context that is not that of STOMP. @default before */
  readonly plugins?: 'before' | 'after' | 'beside'
}

/** Users of HTTP sessions, which begin and end by requests; as docs/authentication.md has it. */
async function start(options: HoofbeatOptions = {}, { plugins = 'before' }: Order = {}) {
  const app = Fastify({ forceCloseConnections: true, return503OnClosing: false })
  apps.push(app)
  const registerPlugins = async (context: FastifyInstance): Promise<void> => {
    await context.register(fastifyCookie)
    await context.register(fastifySession, {
      secret: 'a secret of at least thirty-two characters',
      // The tests speak plain HTTP.
      cookie: { secure: false },
      saveUninitialized: false,
      // Or a poll that began before a logout would save at its end what was destroyed meanwhile.
      rolling: false,
    })
  }
  const addRoutes = async (context: FastifyInstance): Promise<void> => {
    if (plugins === 'beside') await registerPlugins(context)
    context.post('/login', async (request: FastifyRequest<{ Querystring: { user: string } }>) => {
      // Another id than before: nobody can have planted it.
      await request.session.regenerate()
      request.session.user = request.query.user
      return 'welcome'
    })
    context.post('/logout', async (request) => {
      const { user } = request.session
      await request.session.destroy()
      if (user !== undefined) await app.stomp.disconnect({ user }, 'You have logged out')
      return 'goodbye'
    })
  }
  if (plugins === 'before') await registerPlugins(app)
  await app.register(hoofbeat, {
    // However far time leaps between two polls.
    endpoints: [{ path: '/stomp', sockjs: { disconnectDelayMs: 3_600_000 } }],
    heartBeat: { sendMs: 0, receiveMs: 0 },
    allow: { send: ['/topic/**'], subscribe: ['/topic/**'] },
    drainMs: 0,
    identify: (request) => request.session?.user,
    ...options,
  })
  if (plugins === 'after') await registerPlugins(app)
  if (plugins === 'beside') await app.register(addRoutes)
  else await addRoutes(app)
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const login = async (user: string): Promise<string> => {
    const response = await fetch(`${origin}/login?user=${user}`, { method: 'POST' })
    return response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  }
  const at = (cookie: string): Where => ({ origin, tcpPort: 0, headers: { cookie } })
  return { app, origin, login, at }
}

const CARRIERS: readonly (readonly [string, (where: Where) => Carried])[] = [
  ['a WebSocket', overWebSocket],
  ['a link by WebSocket', overLink('websocket')],
  ['a link by stream', overLink('stream')],
  ['a link by polls', overLink('poll')],
  ['SockJS by WebSocket', overSockJsWebSocket],
  ['SockJS by polls', overSockJsPolls],
]

/** The session's id under another signature. */
function tampered(cookie: string): string {
  return `${cookie.slice(0, -4)}${cookie.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`
}

describe.each(CARRIERS)('an HTTP session over %s', (name, open) => {
  it('names the user by its cookie', async () => {
    const { login, at } = await start()
    const client = await connected(open(at(await login('alice'))), 'a:b')
    expect(client.text()).toContain('user-name:alice\n')
  })

  it('without a cookie, or with one that was tampered with, names nobody', async () => {
    const { login, at } = await start({ authenticate: ({ identity }) => identity ?? 'nobody' })
    const client = await connected(open(at(tampered(await login('alice')))), 'a:b')
    expect(client.text()).toContain('user-name:nobody\n')
  })

  it('that is left ends what it had opened, and its cookie opens nothing more', async () => {
    const { app, origin, login, at } = await start({
      identify: (request) => {
        const { user } = request.session
        if (user === undefined) throw Object.assign(new Error('log in first'), { statusCode: 401 })
        return user
      },
    })
    const cookie = await login('alice')
    const client = await connected(open(at(cookie)), 'a:b')
    await fetch(`${origin}/logout`, { method: 'POST', headers: { cookie } })
    // The next poll comes with a cookie of nobody.
    expect(await client.closed).toBe(name === 'SockJS by polls' ? 404 : 1008)
    expect(client.text()).toContain('message:You have logged out\n')
    expect(app.stomp.users.size).toBe(0)
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/stomp`, { headers: { cookie } })
    const status = await new Promise((resolve) => {
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode))
    })
    expect(status).toBe(401)
    const body = JSON.stringify({ v: 1, protocols: [] })
    expect((await fetch(`${origin}/stomp/open`, { method: 'POST', body, headers: { cookie } })).status).toBe(401)
  })
})

describe('an HTTP session', () => {
  it('may end the STOMP session by its own end', async () => {
    const clock = createLeapingClock()
    const { login, at } = await start({
      clock,
      identify: ({ session }) =>
        session.user === undefined ? undefined : { name: session.user, expiresAtMs: Date.now() + 20_000 },
    })
    const client = await connected(overWebSocket(at(await login('alice'))), 'a:b')
    clock.leap(20_000)
    expect(await client.closed).toBe(4401)
  })

  it('of one user sends nothing over a SockJS session of another', async () => {
    const { origin, login, at } = await start()
    const alice = await connected(overSockJsPolls(at(await login('alice'))), 'a:b')
    const send = async (cookie: string): Promise<number> => {
      const body = JSON.stringify([ping('stolen')])
      const response = await fetch(`${origin}/stomp/1/polls/xhr_send`, { method: 'POST', body, headers: { cookie } })
      return response.status
    }
    expect([await send(await login('bob')), await send('')]).toEqual([404, 404])
    alice.send(ping('own'))
    await expect.poll(alice.text).toContain('receipt-id:own\n')
    expect(alice.text()).not.toContain('stolen')
  })

  it('is not begun for those who only connect', async () => {
    const { origin } = await start()
    const body = JSON.stringify({ v: 1, protocols: [] })
    const response = await fetch(`${origin}/stomp/open`, { method: 'POST', body })
    expect([response.status, response.headers.getSetCookie()]).toEqual([200, []])
  })

  it.each([
    ['before or', 'before', 'alice'],
    ['after', 'after', 'alice'],
    ['but not beside', 'beside', 'nobody'],
  ] as const)('is seen at every door where its plugins are registered %s', async (_, plugins, name) => {
    const { at, login } = await start({ authenticate: ({ identity }) => identity ?? 'nobody' }, { plugins })
    const cookie = await login('alice')
    for (const [carrier, open] of CARRIERS) {
      const client = await connected(open(at(cookie)), 'a:b')
      expect([carrier, /user-name:(\w+)/.exec(client.text())?.[1]]).toEqual([carrier, name])
    }
  })
})
