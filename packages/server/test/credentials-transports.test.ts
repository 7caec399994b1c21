import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import hoofbeat, { type HoofbeatOptions, type RawConnection } from '../src/index.js'
import {
  connected,
  endAfterEach,
  overLink,
  overSockJsPolls,
  overSockJsWebSocket,
  overTcp,
  overWebSocket,
  ping,
  renewal,
} from './carriers.js'
import { EventClient } from './event-client.js'
import { createLeapingClock } from './leaping-clock.js'

const apps: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

const LIFE_MS = 20_000

/** What `identify` finds: the name before the slash of the Authorization header, and the whole of it as a token. */
interface Holder {
  readonly name: string
  readonly token: string
  readonly expiresAtMs: number
}

async function start(options: HoofbeatOptions = {}, prepare: (app: FastifyInstance) => unknown = () => {}) {
  const clock = createLeapingClock()
  const app = Fastify({ forceCloseConnections: true, return503OnClosing: false })
  apps.push(app)
  await app.register(hoofbeat, {
    clock,
    // However far time leaps between two polls.
    endpoints: [{ path: '/stomp', sockjs: { disconnectDelayMs: 3_600_000 } }],
    tcp: { port: 0, host: '127.0.0.1' },
    heartBeat: { sendMs: 0, receiveMs: 0 },
    allow: { send: ['/topic/**'], subscribe: ['/topic/**'] },
    drainMs: 0,
    authenticate: ({ headers, renews }) => {
      const name = headers.get('login') ?? 'nobody'
      return { name, expiresAtMs: clock.epochMs() + (renews === undefined ? 1 : 10) * LIFE_MS }
    },
    ...options,
  })
  await prepare(app)
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, clock, origin, tcpPort: app.stomp.tcpAddresses[0]?.port ?? 0 }
}

/** Tokens that live longer than the first one. */
const identifyBy =
  (clock: () => number, lives: Readonly<Record<string, number>>): NonNullable<HoofbeatOptions['identify']> =>
  ({ headers }): Holder => {
    const token = headers.authorization ?? ''
    return { name: token.split('/')[0] ?? '', token, expiresAtMs: clock() + (lives[token] ?? 0) }
  }

describe.each([
  ['a WebSocket', overWebSocket, 4401],
  ['TCP', overTcp, undefined],
  ['SockJS by WebSocket', overSockJsWebSocket, 4401],
  ['SockJS by polls', overSockJsPolls, 4401],
  ['a link by WebSocket', overLink('websocket'), 4401],
  ['a link by stream', overLink('stream'), 4401],
  ['a link by polls', overLink('poll'), 4401],
] as const)('over %s', (_, open, code) => {
  it('a session whose credentials end is told, and closed', async () => {
    const { clock, ...where } = await start()
    const client = await connected(open(where))
    clock.leap(LIFE_MS)
    expect(await client.closed).toBe(code)
    expect(client.text()).toMatch(/ERROR\n.*code:STOMP_ERR_CREDENTIALS_EXPIRED\n/s)
  })

  it('a session that renews by a SEND goes on', async () => {
    const { clock, ...where } = await start()
    const client = await connected(open(where))
    client.send(renewal('r1'))
    await expect.poll(client.text).toContain('receipt-id:r1')
    clock.leap(LIFE_MS)
    client.send(ping('r2'))
    await expect.poll(client.text).toContain('receipt-id:r2')
    expect(client.text()).not.toContain('ERROR')
  })
})

describe('a link', () => {
  it('whose client renews by its HTTP requests takes the session with it, which has a new user then', async () => {
    let epochMs = Date.now
    const lives = { 'alice/1': LIFE_MS, 'alice/2': 50 * LIFE_MS }
    const { app, clock, ...where } = await start({
      identify: identifyBy(() => epochMs(), lives),
      authenticate: ({ identity }) => identity,
    })
    epochMs = () => clock.epochMs()
    const client = await connected(overLink('stream', ['alice/1', 'alice/2'])(where))
    const token = (): unknown => (app.stomp.users.get('alice')?.sessions[0]?.user as Holder | undefined)?.token
    await expect.poll(token, { timeout: 5_000 }).toBe('alice/2')
    clock.leap(LIFE_MS)
    client.send(ping('r1'))
    await expect.poll(client.text).toContain('receipt-id:r1')
    clock.leap(2 * LIFE_MS)
    client.send(ping('r2'))
    await expect.poll(client.text).toContain('receipt-id:r2')
    expect(client.text()).not.toContain('ERROR')
  })

  it('whose client does not renew is told by an ERROR before it closes', async () => {
    const { clock, ...where } = await start({
      identify: identifyBy(() => Date.now(), { 'alice/1': LIFE_MS }),
      authenticate: ({ identity }) => identity,
    })
    const client = await connected(overLink('poll', ['alice/1'])(where))
    clock.leap(LIFE_MS)
    expect(await client.closed).toBe(4401)
    expect(client.text()).toContain('code:STOMP_ERR_CREDENTIALS_EXPIRED')
  })

  it('outlives what identify has found where CONNECT has authenticated with credentials of its own', async () => {
    const { app, clock, ...where } = await start({
      identify: identifyBy(() => Date.now(), { 'alice/1': LIFE_MS }),
      authenticate: ({ login }) => login,
    })
    const client = await connected(overLink('stream', ['alice/1'])(where))
    clock.leap(2 * LIFE_MS)
    client.send(ping('r1'))
    await expect.poll(client.text).toContain('receipt-id:r1')
    expect(app.stomp.users.get('alice')?.sessions[0]?.user).toEqual({ name: 'alice' })
  })

  it('does not outlive credentials of CONNECT because its own are renewed', async () => {
    const { clock, ...where } = await start({
      identify: identifyBy(() => Date.now(), { 'alice/1': LIFE_MS, 'alice/2': 50 * LIFE_MS }),
    })
    const client = await connected(overLink('stream', ['alice/1', 'alice/2'])(where))
    clock.leap(LIFE_MS)
    expect(await client.closed).toBe(4401)
  })
})

describe('without STOMP', () => {
  it('a reader of events ends with its credentials, and is told 401 when it comes back', async () => {
    const { clock, origin } = await start({
      identify: ({ headers }) =>
        headers.authorization === undefined
          ? undefined
          : { name: 'alice', expiresAtMs: Number(headers.authorization.slice('Bearer '.length)) },
      authenticate: ({ identity }) => identity,
    })
    const authorization = `Bearer ${clock.epochMs() + LIFE_MS}`
    const url = `${origin}/stomp/events?destination=/topic/a`
    const reader = await EventClient.open(url, { authorization })
    endAfterEach(() => reader.close())
    expect(reader.status).toBe(200)
    clock.leap(LIFE_MS)
    expect(await reader.next()).toBeUndefined()
    const refused = await EventClient.open(url, { authorization })
    expect([refused.status, (await refused.json()).code]).toEqual([401, 'STOMP_ERR_CREDENTIALS_EXPIRED'])
  })

  it('a POST is refused by 401 where the credentials have ended, and renews nothing', async () => {
    const { clock, origin } = await start({
      authenticate: ({ login }) => ({
        name: login ?? '',
        expiresAtMs: clock.epochMs() + (login === 'old' ? 0 : 1_000),
      }),
    })
    const post = async (destination: string, name: string) => {
      const authorization = `Basic ${Buffer.from(`${name}:x`).toString('base64')}`
      const response = await fetch(`${origin}/stomp/send?destination=${destination}`, {
        method: 'POST',
        body: 'x',
        headers: { authorization },
      })
      return [response.status, response.status === 204 ? '' : ((await response.json()) as { code: string }).code]
    }
    expect(await post('/topic/a', 'old')).toEqual([401, 'STOMP_ERR_CREDENTIALS_EXPIRED'])
    expect(await post('/topic/a', 'alice')).toEqual([204, ''])
    expect(await post('/session/renew', 'alice')).toEqual([400, 'STOMP_ERR_UNSUPPORTED'])
  })

  it('a connection of a raw endpoint closes with 4401, and a link of one renews it', async () => {
    const opened: RawConnection[] = []
    let epochMs = Date.now
    const { clock, ...where } = await start(
      { identify: identifyBy(() => epochMs(), { 'alice/1': LIFE_MS, 'bob/1': LIFE_MS, 'bob/2': 50 * LIFE_MS }) },
      (app) => app.stomp.endpoint('/raw', { open: (connection) => void opened.push(connection) }),
    )
    epochMs = () => clock.epochMs()
    const socket = new WebSocket(`${where.origin.replace('http', 'ws')}/raw`, {
      headers: { authorization: 'alice/1' },
    })
    endAfterEach(() => socket.terminate())
    const closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve([code, String(reason)]))
    })
    await expect.poll(() => opened.length).toBe(1)
    const bob = overLink('stream', ['bob/1', 'bob/2'], '/raw')(where)
    bob.send('hello')
    await expect.poll(() => (opened[1]?.user as Holder | undefined)?.token, { timeout: 5_000 }).toBe('bob/2')
    clock.leap(LIFE_MS)
    expect(await closed).toEqual([4401, 'STOMP_ERR_CREDENTIALS_EXPIRED'])
    expect(opened[1]?.isOpen).toBe(true)
  })

  it('no connection is opened with credentials that have ended', async () => {
    const { origin } = await start({ identify: () => ({ name: 'alice', expiresAtMs: Date.now() - 1 }) })
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/stomp`)
    const status = await new Promise((resolve) => {
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode))
    })
    expect(status).toBe(401)
    const opened = await fetch(`${origin}/stomp/open`, {
      method: 'POST',
      body: JSON.stringify({ v: 1, protocols: [] }),
    })
    expect(opened.status).toBe(401)
  })
})
