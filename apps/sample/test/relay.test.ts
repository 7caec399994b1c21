import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildApp } from '../src/app.js'
import { connect, type Session } from './session.js'
import { openUpstream, relayTo, type Upstream } from './upstream.js'

let upstream: Upstream
const nodes: FastifyInstance[] = []
const sessions: Session[] = []

beforeEach(async () => {
  upstream = await openUpstream()
})

afterEach(async () => {
  for (const session of sessions.splice(0)) await session.end()
  await Promise.all(nodes.splice(0).map((node) => node.close()))
  await upstream.close()
})

const startNode = async (
  port = upstream.proxy.port,
): Promise<{ readonly app: FastifyInstance; readonly url: string }> => {
  const app = await buildApp({ greetingDelayMs: 0, drainMs: 0, pushToken: 'of-the-back-end', relay: relayTo(port) })
  nodes.push(app)
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, url: `${address.replace('http', 'ws')}/stomp` }
}

const join = async (url: string, login: string): Promise<Session> => {
  const session = await connect(url, { login })
  sessions.push(session)
  return session
}

describe('two nodes with one broker', () => {
  it('let people talk to each other, whichever node they are at', async () => {
    const [one, two] = [await startNode(), await startNode()]
    const ada = await join(one.url, 'Ada')
    const bob = await join(two.url, 'Bob')
    const heard = await bob.subscribe('/topic/chat-room/lobby')
    await ada.send('/app/chat/lobby', { text: 'Good morning' })
    expect(await heard.next()).toMatchObject({ name: 'Ada', text: 'Good morning' })
    const greetings = await ada.subscribe('/topic/greetings')
    await bob.send('/app/hello', { name: 'Bob' })
    expect(await greetings.next()).toEqual({ content: 'Hello, Bob!' })
  })

  it('know who is at the other one: by the list, by what one says to another alone, and by the back-end', async () => {
    const [one, two] = [await startNode(), await startNode()]
    const ada = await join(one.url, 'Ada')
    const bob = await join(two.url, 'Bob')
    await expect.poll(async () => await (await ada.subscribe('/app/people')).next()).toEqual(['Ada', 'Bob'])
    const heard = await bob.subscribe('/user/queue/private')
    await ada.send('/app/private', { to: 'Bob', text: 'psst' })
    expect(await heard.next()).toMatchObject({ name: 'Ada', to: 'Bob', text: 'psst' })
    const headers = { authorization: 'Bearer of-the-back-end' }
    const payload = { user: 'Bob', destination: '/queue/private', body: { text: 'a letter' } }
    const response = await one.app.inject({ method: 'POST', url: '/push', headers, payload })
    expect(response.json()).toEqual({ reached: 1 })
    expect(await heard.next()).toEqual({ text: 'a letter' })
  })

  it('say that somebody has left when they have left both', async () => {
    const [one, two] = [await startNode(), await startNode()]
    const cyd = await join(one.url, 'Cyd')
    const people = await cyd.subscribe('/topic/chat-people')
    const [first, second] = [await join(one.url, 'Ada'), await join(two.url, 'Ada')]
    for (const _ of [1, 2]) expect(await people.next()).toEqual({ name: 'Ada', isHere: true })
    await expect.poll(() => one.app.stomp.users.get('Ada')?.sessions.length).toBe(2)
    await first.end()
    expect(await people.next()).toEqual({ name: 'Ada', isHere: true })
    await expect.poll(() => two.app.stomp.users.get('Ada')?.sessions.length).toBe(1)
    await second.end()
    expect(await people.next()).toEqual({ name: 'Ada', isHere: false })
  })
})

describe('while the broker is away', () => {
  it('the node is alive and not ready, says so to pages, and delivers what was sent when it is back', async () => {
    const { app, url } = await startNode()
    const ada = await join(url, 'Ada')
    const broker = await ada.subscribe('/app/broker')
    // At a node that is not cut off.
    const bob = await join((await startNode(upstream.port)).url, 'Bob')
    const heard = await bob.subscribe('/topic/chat-room/lobby')
    expect(await broker.next()).toEqual({ isAvailable: true })
    expect((await app.inject('/health')).statusCode).toBe(200)

    upstream.proxy.cut()
    expect(await broker.next()).toEqual({ isAvailable: false })
    const health = await app.inject('/health')
    expect([health.statusCode, health.json()]).toEqual([503, { status: 'broker-away' }])
    expect((await app.inject('/health/live')).statusCode).toBe(200)
    expect((await app.inject('/metrics')).body).toContain('hoofbeat_broker_available 0\n')
    const sent = ada.send('/app/chat/lobby', { text: 'patience' })
    expect(await (await ada.subscribe('/app/rooms')).next()).toEqual(['lobby'])

    upstream.proxy.mend()
    await sent
    expect(await broker.next()).toEqual({ isAvailable: true })
    expect(await heard.next()).toMatchObject({ text: 'patience' })
    expect((await app.inject('/health')).statusCode).toBe(200)
  })
})

it('tells Prometheus of each connection to the broker', async () => {
  const { app, url } = await startNode()
  const ada = await join(url, 'Ada')
  await ada.subscribe('/topic/news')
  const { body } = await app.inject('/metrics')
  expect(body).toContain('hoofbeat_broker_available 1\n')
  expect(body).toContain('hoofbeat_broker_leg_up{leg="shared"} 1\n')
  expect(body).toMatch(/^hoofbeat_broker_leg_connects_total\{leg="pool-1"\} 1$/m)
})
