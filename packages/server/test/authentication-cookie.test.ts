import fastifyCookie from '@fastify/cookie'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import hoofbeat from '../src/index.js'
import { connected, overLink, overSockJsPolls, overSockJsWebSocket, overWebSocket, type Where } from './carriers.js'
import { createLeapingClock } from './leaping-clock.js'

const apps: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

const LIFE_MS = 20_000

/** Users of a signed cookie that holds the name and the end; as docs/authentication.md has it. */
async function start() {
  const clock = createLeapingClock()
  const app = Fastify({ forceCloseConnections: true, return503OnClosing: false })
  apps.push(app)
  await app.register(fastifyCookie, { secret: 'what only this server knows' })
  await app.register(hoofbeat, {
    clock,
    // However far time leaps between two polls.
    endpoints: [{ path: '/stomp', sockjs: { disconnectDelayMs: 3_600_000 } }],
    heartBeat: { sendMs: 0, receiveMs: 0 },
    drainMs: 0,
    identify: (request) => {
      const { valid, value } = request.unsignCookie(request.cookies.user ?? '')
      if (!valid) throw Object.assign(new Error('log in first'), { statusCode: 401 })
      const [name = '', endMs = ''] = value.split('|')
      return { name, expiresAtMs: Number(endMs) }
    },
  })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const cookieOf = (name: string, lifeMs = LIFE_MS): string =>
    `user=${encodeURIComponent(app.signCookie(`${name}|${clock.epochMs() + lifeMs}`))}`
  const at = (cookie: string): Where => ({ origin, tcpPort: 0, headers: { cookie } })
  return { clock, origin, cookieOf, at }
}

describe.each([
  ['a WebSocket', overWebSocket],
  ['a link by stream', overLink('stream')],
  ['SockJS by WebSocket', overSockJsWebSocket],
  ['SockJS by polls', overSockJsPolls],
] as const)('a signed cookie over %s', (_, open) => {
  it('names the user, and ends the session when it ends', async () => {
    const { clock, cookieOf, at } = await start()
    const client = await connected(open(at(cookieOf('alice'))), 'a:b')
    expect(client.text()).toContain('user-name:alice\n')
    clock.leap(LIFE_MS)
    expect(await client.closed).toBe(4401)
    expect(client.text()).toContain('code:STOMP_ERR_CREDENTIALS_EXPIRED\n')
  })
})

describe('a signed cookie', () => {
  it.each([
    ['is missing', () => ''],
    ['has another name under the old signature', (cookie: string) => cookie.replace('alice', 'root')],
    ['is not signed', () => 'user=alice%7C4000000000000'],
    ['has ended', (_: string, old: string) => old],
  ])('is refused by 401 at every door where it %s', async (_, make) => {
    const { origin, cookieOf } = await start()
    const headers = { cookie: make(cookieOf('alice'), cookieOf('alice', -1)) }
    for (const path of ['/stomp', '/stomp/1/a/websocket']) {
      const socket = new WebSocket(`${origin.replace('http', 'ws')}${path}`, { headers })
      const status = await new Promise((resolve) => {
        socket.once('unexpected-response', (_request, response) => resolve(response.statusCode))
      })
      expect([path, status]).toEqual([path, 401])
    }
    const body = JSON.stringify({ v: 1, protocols: [] })
    const opened = await fetch(`${origin}/stomp/open`, { method: 'POST', body, headers })
    const polled = await fetch(`${origin}/stomp/1/b/xhr`, { method: 'POST', headers })
    const read = await fetch(`${origin}/stomp/events?destination=/topic/a`, { headers })
    expect([opened.status, polled.status, read.status]).toEqual([401, 401, 401])
  })
})
