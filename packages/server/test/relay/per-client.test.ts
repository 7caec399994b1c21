import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import type { Broker, BrokerRequest } from '../../src/broker/broker.js'
import { StompError } from '../../src/errors.js'
import { useUpstream } from './upstream-broker.js'

const openUpstream = useUpstream()

/** A client with credentials. */
function enter(broker: Broker, login: string, passcode = 'right') {
  const bodies: string[] = []
  const refusals: { code: string; message: string }[] = []
  const sessionId = crypto.randomUUID()
  const channel = broker.attach(
    {
      deliver(message) {
        bodies.push(new TextDecoder().decode(message.body))
        return 'taken'
      },
      refuse: ({ code, message }) => refusals.push({ code, message }),
    },
    { sessionId, userName: login, clientId: undefined, credentials: { login, passcode } },
  )
  return { channel, bodies, refusals }
}

const send = (destination: string, text: string): BrokerRequest => ({
  command: 'SEND',
  destination,
  headers: createHeaders({ receipt: 'r' }),
  body: new TextEncoder().encode(text),
})

const subscribe = (id: string, destination: string): BrokerRequest => ({
  command: 'SUBSCRIBE',
  id,
  shownId: id,
  destination,
  shownDestination: undefined,
  headers: createHeaders(),
})

describe('a relay with a connection for each client', () => {
  it('logs each client in as what it has said, and lets the broker judge what it may', async () => {
    const upstream = await openUpstream({}, (app) => {
      app.stomp.addHook('authorizeSubscribe', ({ user, destination }) => {
        if (destination === '/topic/staff' && user?.name !== 'alice') throw new StompError('STOMP_ERR_FORBIDDEN')
      })
    })
    const broker = await upstream.relay({ mode: 'per-client' })
    expect(broker.wantsCredentials).toBe(true)
    const [alice, bob] = [enter(broker, 'alice'), enter(broker, 'bob')]
    await upstream.quiet()
    expect(Array.from(upstream.app.stomp.users, ({ name }) => name).sort()).toEqual(['alice', 'bob', 'system'])
    await alice.channel.handle(subscribe('1', '/topic/staff'))
    await bob.channel.handle(subscribe('1', '/topic/all'))
    const refused = Promise.resolve(bob.channel.handle(subscribe('2', '/topic/staff'))).catch(({ code }) => code)
    await upstream.clock.pass(20_000)
    expect(await refused).toBe('STOMP_ERR_BROKER_REFUSED')
    await alice.channel.handle(send('/topic/staff', 's'))
    await alice.channel.handle(send('/topic/all', 'a'))
    await upstream.quiet()
    expect([alice.bodies, bob.bodies]).toEqual([['s'], ['a']])
  })

  it('ends the session of a client whose login the broker refuses, and says why', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay({ mode: 'per-client' })
    const [mallory, alice] = [enter(broker, 'mallory', 'wrong'), enter(broker, 'alice')]
    await upstream.quiet()
    expect(mallory.refusals).toEqual([
      { code: 'STOMP_ERR_NOT_AUTHENTICATED', message: 'The message broker has refused this login' },
    ])
    expect(alice.refusals).toEqual([])
    mallory.channel.detach()
    await upstream.clock.pass(60_000)
    expect(mallory.refusals.length).toBe(1)
    expect(upstream.open.length).toBe(2)
  })

  it('tells operators of the connections of clients together, and closes each with its session', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay({ mode: 'per-client' })
    const clients = ['a', 'b', 'c'].map((login) => enter(broker, login))
    await upstream.quiet()
    for (const { channel } of clients) await channel.handle(subscribe('1', '/topic/a'))
    expect(broker.legs?.().map(({ name, state, subscriptions }) => [name, state, subscriptions])).toEqual([
      ['shared', 'up', 0],
      ['clients', 'up', 3],
    ])
    for (const { channel } of clients) channel.detach()
    await upstream.clock.pass(10_000)
    expect(broker.legs?.().map(({ name }) => name)).toEqual(['shared'])
    expect(upstream.open.length).toBe(1)
  })

  it('subscribes each client again by itself after a loss', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay({ mode: 'per-client' })
    const [alice, bob] = [enter(broker, 'alice'), enter(broker, 'bob')]
    for (const { channel } of [alice, bob]) await channel.handle(subscribe('1', '/topic/a'))
    upstream.cut()
    await upstream.clock.pass(20_000)
    await broker.publish({ destination: '/topic/a', headers: createHeaders(), body: new TextEncoder().encode('hi') })
    await upstream.quiet()
    expect([alice.bodies, bob.bodies, alice.refusals, bob.refusals]).toEqual([['hi'], ['hi'], [], []])
  })
})
