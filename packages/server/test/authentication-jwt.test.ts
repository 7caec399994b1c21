import fastifyJwt from '@fastify/jwt'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import hoofbeat, { type HoofbeatOptions } from '../src/index.js'
import {
  type Carried,
  connected,
  connectFrame,
  endAfterEach,
  overLink,
  overSockJsPolls,
  overWebSocket,
  ping,
  renewal,
} from './carriers.js'
import { EventClient } from './event-client.js'
import { createLeapingClock } from './leaping-clock.js'

interface Claims {
  readonly sub: string
  readonly exp: number
}

const apps: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

/** Tokens in the `authorization` header of CONNECT, or of HTTP requests; as docs/authentication.md has it. */
async function start(options: HoofbeatOptions = {}) {
  const clock = createLeapingClock()
  const app = Fastify({ forceCloseConnections: true, return503OnClosing: false })
  apps.push(app)
  await app.register(fastifyJwt, { secret: 'what only this server knows' })
  const userOf = (authorization: string) => {
    const { sub, exp } = app.jwt.verify<Claims>(authorization.replace(/^Bearer /, ''))
    return { name: sub, expiresAtMs: exp * 1000 }
  }
  await app.register(hoofbeat, {
    clock,
    // However far time leaps between two polls.
    endpoints: [{ path: '/stomp', sockjs: { disconnectDelayMs: 3_600_000 } }],
    heartBeat: { sendMs: 0, receiveMs: 0 },
    allow: { send: ['/topic/**'], subscribe: ['/topic/**'] },
    drainMs: 0,
    identify: ({ headers: { authorization } }) => (authorization === undefined ? undefined : userOf(authorization)),
    authenticate: ({ headers, identity }) => {
      const authorization = headers.get('authorization')
      return authorization === undefined ? identity : userOf(authorization)
    },
    ...options,
  })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  /** A token that ends so many seconds from now. */
  const token = (sub: string, lifeS: number): string =>
    `Bearer ${app.jwt.sign({ sub, exp: Math.floor(clock.epochMs() / 1000) + lifeS })}`
  return { app, clock, origin, token, where: { origin, tcpPort: 0 } }
}

const withToken = (token: string): string => `authorization:${token}`

/** The other claims under the old signature. */
function tampered(token: string, sub: string): string {
  const [head, , signature] = token.split('.')
  const claims = Buffer.from(JSON.stringify({ sub, exp: 4_000_000_000 })).toString('base64url')
  return `${head}.${claims}.${signature}`
}

describe.each([
  ['a WebSocket', overWebSocket],
  ['a link by stream', overLink('stream')],
  ['SockJS by polls', overSockJsPolls],
] as const)('a token in CONNECT over %s', (_, open) => {
  it('names the user', async () => {
    const { token, where } = await start()
    const client = await connected(open(where), withToken(token('alice', 600)))
    expect(client.text()).toContain('user-name:alice\n')
  })

  it.each([
    ['has ended', (token: (sub: string, lifeS: number) => string) => token('alice', -1)],
    ['is none', () => 'Bearer nonsense'],
    ['was tampered with', (token: (sub: string, lifeS: number) => string) => tampered(token('alice', 600), 'root')],
  ])('is refused where it %s, without a word on why', async (_what, make) => {
    const { app, token, where } = await start()
    const client = open(where)
    client.send(connectFrame(withToken(make(token))))
    await expect.poll(client.text).toContain('code:STOMP_ERR_NOT_AUTHENTICATED\n')
    expect(client.text()).toContain('message:The credentials were not accepted\n')
    await client.closed
    expect(app.stomp.users.sessionCount).toBe(0)
  })

  it('ends the session at its exp', async () => {
    const { clock, token, where } = await start()
    const client = await connected(open(where), withToken(token('alice', 20)))
    clock.leap(20_000)
    expect(await client.closed).toBe(4401)
    expect(client.text()).toContain('code:STOMP_ERR_CREDENTIALS_EXPIRED\n')
  })

  it('is followed by a new one, and the session goes on to the end of that', async () => {
    const { clock, token, where } = await start()
    const client = await connected(open(where), withToken(token('alice', 20)))
    client.send(renewal('r1', withToken(token('alice', 40))))
    await expect.poll(client.text).toContain('receipt-id:r1\n')
    clock.leap(20_000)
    client.send(ping('r2'))
    await expect.poll(client.text).toContain('receipt-id:r2\n')
    clock.leap(20_000)
    expect(await client.closed).toBe(4401)
  })
})

describe('a renewal', () => {
  async function refused(make: (token: (sub: string, lifeS: number) => string) => string): Promise<Carried> {
    const { app, token, where } = await start()
    const client = await connected(overWebSocket(where), withToken(token('alice', 20)))
    client.send(renewal('r1', withToken(make(token))))
    expect(await client.closed).toBe(1002)
    expect(client.text()).toContain('code:STOMP_ERR_NOT_AUTHENTICATED\nreceipt-id:r1\n')
    await expect.poll(() => app.stomp.users.sessionCount).toBe(0)
    return client
  }

  it("with another user's token is refused", async () => {
    const client = await refused((token) => token('bob', 600))
    expect(client.text()).toContain('message:The credentials are not those of the user of this session\n')
  })

  it.each([
    [
      'that was tampered with',
      (token: (sub: string, lifeS: number) => string) => tampered(token('alice', 20), 'alice'),
    ],
    ['that has ended', (token: (sub: string, lifeS: number) => string) => token('alice', -10)],
  ])('with a token %s is refused', async (_what, make) => {
    await refused(make)
  })
})

describe('a token in the Authorization header', () => {
  it('of the upgrade names the user of a WebSocket that no browser has opened', async () => {
    const { token, where } = await start()
    const client = await connected(overWebSocket({ ...where, headers: { authorization: token('alice', 600) } }), 'a:b')
    expect(client.text()).toContain('user-name:alice\n')
  })

  it('that is wrong is answered by 401, before there is a WebSocket or a link', async () => {
    const { origin, token } = await start()
    for (const authorization of [token('alice', -1), tampered(token('alice', 60), 'root')]) {
      const socket = new WebSocket(`${origin.replace('http', 'ws')}/stomp`, { headers: { authorization } })
      const status = await new Promise((resolve) => {
        socket.once('unexpected-response', (_request, response) => resolve(response.statusCode))
      })
      expect(status).toBe(401)
      const body = JSON.stringify({ v: 1, protocols: [] })
      expect((await fetch(`${origin}/stomp/open`, { method: 'POST', body, headers: { authorization } })).status).toBe(
        401,
      )
    }
  })

  it('of a link is renewed by its client in time, and the session goes on', async () => {
    const { app, clock, token, where } = await start()
    const client = await connected(overLink('stream', [token('alice', 20), token('alice', 600)])(where), 'a:b')
    expect(client.text()).toContain('user-name:alice\n')
    const end = (): number => app.stomp.users.get('alice')?.sessions[0]?.user.expiresAtMs ?? 0
    await expect.poll(end, { timeout: 5_000 }).toBeGreaterThan(clock.epochMs() + 500_000)
    clock.leap(30_000)
    client.send(ping('r1'))
    await expect.poll(client.text).toContain('receipt-id:r1\n')
  })

  it("with another user's token renews no link, and ends it", async () => {
    const { app, token, where } = await start()
    const client = overLink('stream', [token('alice', 20), token('bob', 600)])(where)
    client.send(connectFrame('a:b'))
    expect(await client.closed).toBe(4403)
    expect(client.text()).not.toContain('bob')
    expect(app.stomp.users.get('bob')).toBeUndefined()
  })

  it('serves readers of events, up to its exp', async () => {
    const { clock, origin, token } = await start()
    const url = `${origin}/stomp/events?destination=/topic/a`
    const headers = { authorization: token('alice', 20) }
    const reader = await EventClient.open(url, headers)
    endAfterEach(() => reader.close())
    expect(reader.status).toBe(200)
    clock.leap(20_000)
    expect(await reader.next()).toBeUndefined()
    expect((await EventClient.open(url, { authorization: tampered(headers.authorization, 'root') })).status).toBe(401)
  })
})
