import type { Frame } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { codeOf, connect, counted } from '../../src/broker/contract/contract-client.js'
import { openRelay } from '../../src/broker/relay/relay-broker.js'
import { resolveRelaySettings } from '../../src/broker/relay/relay-options.js'
import { createBrokerParts } from '../../src/testing/broker-parts.js'
import { createFakeClock } from '../../src/testing/fake-clock.js'
import { fateOf } from './leg-scene.js'
import { ScriptedBroker } from './scripted-broker.js'
import { useUpstream } from './upstream-broker.js'

const openUpstream = useUpstream()

describe('topics over a relay', () => {
  it('gives each subscription one copy of each message, however many patterns mean it', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const [alice, bob] = [connect(broker), connect(broker)]
    for (const pattern of ['/topic/a/b', '/topic/a/*', '/topic/**']) await alice.subscribe(pattern, pattern)
    await bob.subscribe('1', '/topic/**')
    await bob.send('/topic/a/b', 'hi', { receipt: 'r' })
    await upstream.quiet()
    expect(alice.delivered.map(({ subscription, body }) => `${subscription} ${body}`).sort()).toEqual([
      '/topic/** hi',
      '/topic/a/* hi',
      '/topic/a/b hi',
    ])
    expect(bob.bodies()).toEqual(['hi'])
    expect(new Set([...alice.messages, ...bob.messages].map(({ id }) => id)).size).toBe(1)
  })

  it('costs the broker one subscription for all clients of a node, and a second one for another node', async () => {
    const upstream = await openUpstream()
    const [node, other] = [await upstream.relay(), await upstream.relay()]
    const clients = Array.from({ length: 50 }, (_, i) => connect(i % 2 === 0 ? node : other))
    for (const client of clients) await client.subscribe('1', '/topic/a')
    expect([node, other].map((broker) => broker.legs?.()[0]?.subscriptions)).toEqual([1, 1])
    await upstream.app.stomp.publish('/topic/a', 'hi')
    await upstream.quiet()
    expect(clients.map((client) => client.bodies())).toEqual(clients.map(() => ['hi']))
    const [first, , third] = clients.map(({ messages }) => messages[0])
    expect(first).toBe(third)
  })

  it('stays subscribed for a second when the last has gone, and is not asked for again by who comes in time', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const alice = connect(broker)
    await alice.subscribe('1', '/topic/a')
    await alice.unsubscribe('1')
    await upstream.clock.pass(900)
    expect(broker.legs?.()[0]?.subscriptions).toBe(1)
    await alice.subscribe('1', '/topic/a')
    await upstream.clock.pass(5_000)
    expect(broker.legs?.()[0]?.subscriptions).toBe(1)
    await alice.unsubscribe('1')
    await upstream.clock.pass(1_200)
    expect(broker.legs?.()[0]?.subscriptions).toBe(0)
  })

  it('judges selectors in the node, and shares one subscription among all of them', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const [red, blue, all] = [connect(broker), connect(broker), connect(broker)]
    await red.subscribe('1', '/topic/a', { selector: "colour = 'red'" })
    await blue.subscribe('1', '/topic/a', { selector: "colour = 'blue'" })
    await all.subscribe('1', '/topic/a')
    for (const colour of ['red', 'blue', 'green']) await all.send('/topic/a', colour, { colour, receipt: 'r' })
    await upstream.quiet()
    expect([red.bodies(), blue.bodies(), all.bodies()]).toEqual([['red'], ['blue'], ['red', 'blue', 'green']])
    expect(broker.legs?.()[0]?.subscriptions).toBe(1)
  })

  it('says with the next message that something may be missing, when the broker was away', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const [alice, bob] = [connect(broker), connect(broker)]
    await alice.subscribe('1', '/topic/a')
    await bob.subscribe('1', '/topic/b')
    upstream.cut()
    await upstream.app.stomp.publish('/topic/a', 'missed')
    await upstream.clock.pass(20_000)
    await upstream.app.stomp.publish('/topic/a', 'first')
    await upstream.app.stomp.publish('/topic/a', 'second')
    await upstream.quiet()
    expect(alice.bodies()).toEqual(['first', 'second'])
    expect(alice.deliveries.map(({ isAfterGap }) => isAfterGap === true)).toEqual([true, false])
    await upstream.app.stomp.publish('/topic/b', 'quiet one')
    await upstream.quiet()
    expect(bob.deliveries.map(({ isAfterGap }) => isAfterGap === true)).toEqual([true])
  })

  it('lets a SUBSCRIBE wait while the broker is away, and tells it of no gap', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const alice = connect(broker)
    upstream.isThere = false
    upstream.cut()
    await upstream.quiet()
    let isSettled = false
    const settled = alice.subscribe('1', '/topic/a').then(() => {
      isSettled = true
    })
    await upstream.clock.pass(5_000)
    expect(isSettled).toBe(false)
    upstream.isThere = true
    await upstream.clock.pass(12_000)
    await settled
    await upstream.app.stomp.publish('/topic/a', 'hi')
    await upstream.quiet()
    expect(alice.bodies()).toEqual(['hi'])
    expect(alice.deliveries[0]?.isAfterGap).toBeUndefined()
  })

  it('refuses a SUBSCRIBE that has waited for too long, and has then not been subscribed', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay({ waiting: { maxMs: 5_000 } })
    const alice = connect(broker)
    upstream.isThere = false
    upstream.cut()
    await upstream.quiet()
    const codes = [
      codeOf(() => alice.subscribe('1', '/topic/a')),
      codeOf(() => connect(broker).subscribe('1', '/queue/a')),
    ]
    await upstream.clock.pass(6_100)
    expect(await Promise.all(codes)).toEqual(['STOMP_ERR_BROKER_UNAVAILABLE', 'STOMP_ERR_BROKER_UNAVAILABLE'])
    upstream.isThere = true
    await upstream.clock.pass(20_000)
    await upstream.app.stomp.publish('/topic/a', 'hi')
    await upstream.quiet()
    expect(alice.bodies()).toEqual([])
  })

  it('tells who asked for it that the broker refuses a topic, and nobody else', async () => {
    const upstream = await openUpstream({ deny: { subscribe: ['/topic/secret'] } })
    const broker = await upstream.relay()
    const [alice, bob] = [connect(broker), connect(broker)]
    await bob.subscribe('1', '/topic/a')
    const code = codeOf(() => alice.subscribe('1', '/topic/secret'))
    await upstream.clock.pass(20_000)
    expect(await code).toBe('STOMP_ERR_BROKER_REFUSED')
    await upstream.app.stomp.publish('/topic/a', 'hi')
    await upstream.quiet()
    expect([bob.bodies(), bob.refusals, alice.refusals]).toEqual([['hi'], [], []])
  })

  it('has a bound for the topics of a node; those that linger make room', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay({ maxTopics: 2 })
    const alice = connect(broker)
    await alice.subscribe('1', '/topic/1')
    await alice.subscribe('2', '/topic/2')
    expect(await codeOf(() => alice.subscribe('3', '/topic/3'))).toBe('STOMP_ERR_DESTINATION_LIMIT')
    await alice.unsubscribe('1')
    expect(await codeOf(() => alice.subscribe('3', '/topic/3'))).toBe(undefined)
  })

  it('drops what is sent again after a lost RECEIPT and has come already', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const [alice, bob] = [connect(broker), connect(broker)]
    await alice.subscribe('1', '/topic/a')
    const pool = upstream.open.slice(1)
    for (const end of pool) end.isMute = true
    const settled = bob.send('/topic/a', 'once', { receipt: 'r' })
    await upstream.quiet()
    expect(alice.bodies()).toEqual(['once'])
    for (const end of pool) end.cut()
    await upstream.clock.pass(20_000)
    await settled
    await bob.send('/topic/a', 'twice', { receipt: 'r' })
    await upstream.quiet()
    expect(alice.bodies()).toEqual(['once', 'twice'])
    expect(alice.messages.map(({ headers }) => [...headers])).toEqual([[], []])
  })

  it('hears again before it sends what has waited, so that its own clients miss nothing of each other', async () => {
    const upstream = await openUpstream()
    for (let i = 0; i < 5; i++) {
      const broker = await upstream.relay({ pool: 4 })
      const [alice, bob] = [connect(broker), connect(broker)]
      await alice.subscribe('1', '/topic/a')
      upstream.isThere = false
      upstream.cut()
      await upstream.quiet()
      const settled = bob.send('/topic/a', 'waited', { receipt: 'r' })
      await upstream.clock.pass(3_000)
      upstream.isThere = true
      await upstream.clock.pass(20_000)
      await settled
      expect(alice.bodies()).toEqual(['waited'])
      alice.channel.detach()
    }
  })

  it('keeps no header between nodes and broker from a client, and shows none', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const alice = connect(broker)
    await alice.subscribe('1', '/topic/a')
    await alice.send('/topic/a', 'hi', { hoofbeat_id: 'forged', hoofbeat_repeated: 'true', x: '1', receipt: 'r' })
    await alice.send('/topic/a', 'hi', { hoofbeat_id: 'forged', hoofbeat_repeated: 'true', x: '1', receipt: 'r' })
    await upstream.quiet()
    expect(alice.bodies()).toEqual(['hi', 'hi'])
    expect(alice.messages.map(({ headers }) => [...headers])).toEqual([[['x', '1']], [['x', '1']]])
    expect(alice.messages.some(({ id }) => id === 'forged')).toBe(false)
  })

  it('tells of each change whether the broker can be reached', async () => {
    const upstream = await openUpstream()
    const told: boolean[] = []
    const broker = await upstream.relay({}, (event) => {
      if (event.type === 'broker-availability') told.push(event.isAvailable)
    })
    expect([broker.isAvailable, told]).toEqual([true, [true]])
    upstream.isThere = false
    upstream.cut()
    await upstream.quiet()
    expect([broker.isAvailable, told]).toEqual([false, [true, false]])
    upstream.isThere = true
    await upstream.clock.pass(20_000)
    expect([broker.isAvailable, told]).toEqual([true, [true, false, true]])
    const closed = broker.close()
    await upstream.clock.pass(10_000)
    await closed
    expect(told).toEqual([true, false, true])
  })

  it('acknowledges for credit alone: what waits is bounded', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay({ maxBacklogMessages: 5 })
    const [alice, bob] = [connect(broker), connect(broker)]
    await alice.subscribe('1', '/topic/a', { ack: 'client-individual', 'prefetch-count': '2' })
    for (const body of counted(4)) await bob.send('/topic/a', body, { receipt: 'r' })
    await upstream.quiet()
    expect(alice.bodies()).toEqual(['0', '1'])
    await alice.ack('0')
    expect(alice.bodies()).toEqual(['0', '1', '2'])
    for (const body of counted(10)) await bob.send('/topic/a', body, { receipt: 'r' })
    await upstream.quiet()
    expect(alice.refusals).toEqual(['STOMP_ERR_SLOW_READER'])
  })
})

describe('a broker that takes its time', () => {
  it('gets it while it answers: a SUBSCRIBE is refused only when nothing was answered for a while', async () => {
    const scripted = new ScriptedBroker()
    const due: Frame[] = []
    scripted.react = (frame) => {
      if (frame.command !== 'SUBSCRIBE') return undefined
      due.push(frame)
      return 'handled'
    }
    const clock = createFakeClock()
    const settings = resolveRelaySettings({ hosts: ['stomp://broker'], profile: 'hoofbeat', pool: 1 })
    const opened = openRelay(settings, createBrokerParts(clock), scripted.dial)
    await clock.pass(1_000)
    const broker = await opened
    const fates = counted(6).map((id) => fateOf(connect(broker).subscribe(id, `/topic/${id}`)))
    const shared = scripted.ends[0] ?? expect.unreachable()
    for (let i = 0; i < 4; i++) {
      await clock.pass(20_000)
      const next = due.shift()
      if (next !== undefined) shared.receipt(next)
    }
    await clock.pass(1_000)
    expect(fates.map(({ is }) => is)).toEqual(['done', 'done', 'done', 'done', 'pending', 'pending'])
    await clock.pass(61_000)
    expect(fates.map(({ is }) => is).slice(4)).toEqual(Array(2).fill('STOMP_ERR_BROKER_UNAVAILABLE'))
    const closed = broker.close()
    await clock.pass(20_000)
    await closed
  })
})
