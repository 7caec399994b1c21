import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import type { Broker, BrokerRequest } from '../../src/broker/broker.js'
import { connect, counted } from '../../src/broker/contract/contract-client.js'
import type { BrokerProfile, ProfileMaker } from '../../src/broker/relay/profile.js'
import { hoofbeatProfile } from '../../src/broker/relay/profiles/hoofbeat.js'
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

/** Another Hoofbeat server, and something that a broker of others has besides. */
const having =
  (more: Partial<BrokerProfile>): ProfileMaker =>
  (syntax) => ({ ...hoofbeatProfile(syntax), ...more })

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

describe('a topic of a client with a connection of its own', () => {
  it('says that something may be missing after each loss, though the broker would keep it for a node', async () => {
    const upstream = await openUpstream()
    const asked: unknown[] = []
    const profile: ProfileMaker = (syntax) => {
      const own = hoofbeatProfile(syntax)
      return {
        ...own,
        keepsSharedTopics: true,
        subscribeShared(request) {
          asked.push(request)
          return own.subscribeShared(request)
        },
      }
    }
    const broker = await upstream.relay({ mode: 'per-client', profile })
    const alice = connect(broker)
    await alice.subscribe('1', '/topic/a')
    upstream.cut()
    await upstream.app.stomp.publish('/topic/a', 'missed')
    await upstream.clock.pass(20_000)
    for (const body of counted(2)) await upstream.app.stomp.publish('/topic/a', body)
    await upstream.quiet()
    expect(alice.bodies()).toEqual(['0', '1'])
    expect(alice.deliveries.map(({ isAfterGap }) => isAfterGap === true)).toEqual([true, false])
    expect(asked).toEqual([{ destination: '/topic/a', queueName: undefined }])
  })

  it('waits at the broker while the client has no room, holds up nobody else, and loses nothing', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay({ mode: 'per-client', profile: having({ waitsForReaders: true }) })
    const [slow, fast] = [connect(broker), connect(broker)]
    for (const client of [slow, fast]) await client.subscribe('1', '/topic/a')
    slow.onDelivery = () => 'full'
    for (const body of counted(100)) await upstream.app.stomp.publish('/topic/a', body)
    await upstream.quiet()
    expect([slow.bodies(), fast.bodies()]).toEqual([['0'], counted(100)])
    slow.channel.ready()
    await upstream.quiet()
    expect(slow.bodies()).toEqual(['0', '1'])
    slow.onDelivery = () => 'taken'
    slow.channel.ready()
    await upstream.quiet()
    expect([slow.bodies(), slow.refusals]).toEqual([counted(100), []])
  })

  it('reads on for a client that is full of its queues, which have credit', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay({ mode: 'per-client', profile: having({ waitsForReaders: true }) })
    const alice = connect(broker)
    await alice.subscribe('q', '/queue/a')
    alice.onDelivery = () => 'full'
    await alice.send('/queue/a', 'one')
    await alice.send('/queue/a', 'two')
    await upstream.quiet()
    expect(alice.bodies()).toEqual(['one'])
    await alice.subscribe('t', '/topic/a')
    await upstream.app.stomp.publish('/topic/a', 'three')
    await upstream.quiet()
    expect(alice.bodies()).toEqual(['one', 'three'])
    alice.onDelivery = () => 'taken'
    alice.channel.ready()
    await upstream.quiet()
    expect(alice.bodies()).toEqual(['one', 'three', 'two'])
  })

  it('goes on for a full client where the broker would hold up others, or leave something out', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay({ mode: 'per-client' })
    const alice = connect(broker)
    await alice.subscribe('1', '/topic/a')
    alice.onDelivery = () => 'full'
    for (const body of counted(100)) await upstream.app.stomp.publish('/topic/a', body)
    await upstream.quiet()
    expect(alice.bodies()).toEqual(counted(100))
  })

  it('drops what is sent again after a lost RECEIPT and has come already, for each client', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay({ mode: 'per-client' })
    const [alice, bob] = [connect(broker), connect(broker)]
    await alice.subscribe('1', '/topic/a')
    const carol = connect(broker)
    await upstream.quiet()
    await carol.subscribe('1', '/topic/a')
    const [, , bobs] = upstream.open
    if (bobs === undefined) throw new Error('bob has no connection')
    bobs.isMute = true
    const settled = bob.send('/topic/a', 'once', { receipt: 'r' })
    await upstream.quiet()
    bobs.cut()
    await upstream.clock.pass(20_000)
    await settled
    expect([alice.bodies(), carol.bodies()]).toEqual([['once'], ['once']])
  })

  it('gives each client what is sent again and has come to none', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay({ mode: 'per-client' })
    const [alice, bob, carol] = [connect(broker), connect(broker), connect(broker)]
    for (const client of [alice, carol]) await client.subscribe('1', '/topic/a')
    await upstream.quiet()
    const [, , bobs] = upstream.open
    if (bobs === undefined) throw new Error('bob has no connection')
    bobs.isMute = true
    const settled = bob.send('/topic/a', 'once', { receipt: 'r' })
    bobs.cut()
    await upstream.clock.pass(20_000)
    await settled
    expect([alice.bodies(), carol.bodies()]).toEqual([['once'], ['once']])
  })
})
