import { describe, expect, it } from 'vitest'
import { createWheel } from '../../clock/wheel.js'
import { createDestinationSyntax } from '../../destination/destination.js'
import type { StompEvent } from '../../observe/events.js'
import { createFakeClock } from '../../testing/fake-clock.js'
import type { Broker, BrokerAdmin } from '../broker.js'
import { connect, counted } from '../contract/contract-client.js'
import { embeddedBroker } from './embedded-broker.js'
import type { EmbeddedBrokerOptions } from './embedded-broker-options.js'

async function open(
  options: EmbeddedBrokerOptions = {},
): Promise<{ broker: Broker; admin: BrokerAdmin; events: StompEvent[]; advance: (ms: number) => void }> {
  const clock = createFakeClock()
  const wheel = createWheel(clock)
  const events: StompEvent[] = []
  let lastId = 0
  const broker = await embeddedBroker(options)({
    ...{ clock, after: (delayMs, run) => wheel.after(delayMs, run), syntax: createDestinationSyntax() },
    ...{ nextMessageId: () => `m-${++lastId}`, observe: (event) => events.push(event) },
  })
  const { admin } = broker
  if (admin === undefined) throw new Error('the embedded broker has an operator side')
  return { broker, admin, events, advance: (ms) => clock.advance(ms) }
}

const individual = { ack: 'client-individual' }
const refusal = (code: string) => expect.objectContaining({ name: 'StompError', code })

describe('the list of destinations', () => {
  it('names topics, queues, durable subscriptions and temporary queues, by name', async () => {
    const { broker, admin } = await open({ history: [{ topics: '/topic/h/**' }] })
    const alice = connect(broker, { clientId: 'c' })
    await alice.subscribe('1', '/topic/a')
    await alice.subscribe('2', '/topic/**')
    await alice.subscribe('3', '/topic/d', { durable: 'true' })
    await alice.send('/topic/h/x', 'kept')
    await alice.send('/queue/a', 'kept too')
    await alice.send(`\u0000temp/${alice.sessionId}/t`, 'temporary')
    const reports = admin.destinations()
    const names = reports.map(({ destination }) => destination)
    expect(names).toEqual([...names].sort())
    expect(reports.map(({ kind, depth, consumers }) => `${kind} ${depth} ${consumers}`).sort()).toEqual([
      'durable-subscription 0 1',
      'queue 1 0',
      'temp-queue 1 0',
      'topic 0 1',
      'topic 0 1',
      'topic 1 0',
    ])
    expect(reports.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(admin.keptBytes)
    expect(admin.keptBytes).toBeGreaterThan(3 * 512)
  })

  it('tells how much comes in and goes out', async () => {
    const { broker, admin, advance } = await open()
    const alice = connect(broker)
    await alice.subscribe('1', '/queue/a')
    await alice.subscribe('2', '/topic/a')
    for (let i = 0; i < 300; i++) {
      for (const body of counted(10)) {
        await alice.send('/queue/a', body)
        await alice.send('/topic/a', body)
      }
      advance(1_000)
    }
    for (const { publishedPerSecond, deliveredPerSecond } of admin.destinations()) {
      expect(publishedPerSecond).toBeGreaterThan(9)
      expect(publishedPerSecond).toBeLessThan(10.1)
      expect(deliveredPerSecond).toBeCloseTo(publishedPerSecond, 1)
    }
  })
})

describe('purge', () => {
  it('forgets all that waits, and nothing that a consumer has', async () => {
    const { broker, admin } = await open()
    const alice = connect(broker)
    await alice.subscribe('1', '/queue/a', { ...individual, 'prefetch-count': '1' })
    for (const body of counted(10)) await alice.send('/queue/a', body)
    expect(await admin.purge('/queue/a')).toBe(9)
    await alice.nack('0')
    expect(alice.bodies()).toEqual(['0', '0'])
    await alice.ack('0')
    expect(alice.bodies()).toEqual(['0', '0'])
    expect(await admin.purge('/queue/a')).toBe(0)
    expect(admin.keptBytes).toBe(0)
  })

  it('takes 20,000 messages, and leaves those that come meanwhile', async () => {
    const { broker, admin } = await open()
    const alice = connect(broker)
    for (const body of counted(20_000)) await alice.send('/queue/a', body)
    const purged = admin.purge('/queue/a')
    await alice.send('/queue/a', 'new')
    expect(await purged).toBe(20_000)
    await alice.subscribe('1', '/queue/a')
    expect(alice.bodies()).toEqual(['new'])
  })

  it('empties a durable subscription, and rejects where there is nothing', async () => {
    const { broker, admin } = await open()
    const alice = connect(broker, { clientId: 'c' })
    await alice.subscribe('1', '/topic/a', { durable: 'true' })
    alice.channel.detach()
    await connect(broker).send('/topic/a', 'hi')
    const [name = ''] = admin.destinations().map(({ destination }) => destination)
    expect(await admin.purge(name)).toBe(1)
    expect(admin.destinations().map(({ depth }) => depth)).toEqual([0])
    await expect(admin.purge('/queue/none')).rejects.toThrow(refusal('STOMP_ERR_DESTINATION_UNKNOWN'))
    await expect(admin.purge('/topic/a')).rejects.toThrow(refusal('STOMP_ERR_DESTINATION_UNKNOWN'))
  })
})

describe('move', () => {
  it('takes the oldest to another queue, as many as asked for, in order', async () => {
    const { broker, admin } = await open()
    const alice = connect(broker)
    for (const body of counted(4)) await alice.send('/queue/a', body, { n: body })
    expect(await admin.move('/queue/a', { to: '/queue/b', limit: 3 })).toBe(3)
    await alice.subscribe('1', '/queue/b')
    await alice.subscribe('2', '/queue/a')
    expect(alice.delivered).toEqual([
      ...counted(3).map((body) => ({ destination: '/queue/b', body, subscription: '1' })),
      { destination: '/queue/a', body: '3', subscription: '2' },
    ])
    expect(admin.keptBytes).toBe(0)
  })

  it('rejects where the target is unknown or full, and moves nothing', async () => {
    const { broker, admin } = await open({ maxQueueMessages: 3 })
    const alice = connect(broker)
    for (const body of counted(3)) await alice.send('/queue/a', body)
    for (const body of counted(2)) await alice.send('/queue/b', body)
    await expect(admin.move('/queue/a', { to: '/queue/b' })).rejects.toThrow(refusal('STOMP_ERR_QUEUE_FULL'))
    for (const to of ['/topic/a', '/elsewhere', '/queue/*', 'durable:/c/1', '']) {
      await expect(admin.move('/queue/a', { to }), to).rejects.toMatchObject({ name: 'StompError' })
    }
    await expect(admin.move('/queue/none', { to: '/queue/a' })).rejects.toThrow(
      refusal('STOMP_ERR_DESTINATION_UNKNOWN'),
    )
    expect(admin.destinations().map(({ destination, depth }) => `${destination} ${depth}`)).toEqual([
      '/queue/a 3',
      '/queue/b 2',
    ])
    await alice.subscribe('1', '/queue/a')
    expect(alice.bodies()).toEqual(counted(3))
  })

  it('takes dead letters back to where they came from, those of durable subscriptions too', async () => {
    const { broker, admin, events } = await open({ maxDeliveries: 1 })
    const alice = connect(broker, { clientId: 'c' })
    await alice.subscribe('1', '/queue/a', individual)
    await alice.subscribe('2', '/topic/a', { ...individual, durable: 'true' })
    await alice.send('/queue/a', 'queued', { x: '1' })
    await alice.send('/topic/a', 'published')
    await alice.nack('queued')
    await alice.nack('published')
    await alice.send('/queue/dead-letters', 'sent there by somebody')
    expect(events.filter(({ type }) => type === 'dead-letter')).toMatchObject([
      { destination: '/queue/a', messageId: 'm-1', deliveries: 1 },
      { destination: expect.stringContaining('durable:'), messageId: 'm-2', deliveries: 1 },
    ])
    expect(await admin.move('/queue/dead-letters')).toBe(2)
    expect(alice.delivered.slice(2)).toEqual([
      { destination: '/queue/a', body: 'queued', subscription: '1' },
      { destination: '/topic/a', body: 'published', subscription: '2' },
    ])
    expect([...(alice.messages[2]?.headers ?? [])]).toEqual([['x', '1']])
    expect([...(alice.messages[3]?.headers ?? [])]).toEqual([])
    expect(alice.deliveries.slice(2).map(({ redelivered }) => redelivered)).toEqual([undefined, undefined])
    expect(admin.destinations().find(({ destination }) => destination === '/queue/dead-letters')?.depth).toBe(1)
  })

  it('is not led astray by a message that only says it is a dead letter', async () => {
    const { broker, admin } = await open()
    const alice = connect(broker)
    const forged = { 'dead-letter-reason': 'none', 'original-destination': '/queue/safe', 'original-subscription': 'x' }
    await alice.send('/queue/dead-letters', 'forged', { ...forged, kept: 'yes' })
    expect(await admin.move('/queue/dead-letters')).toBe(0)
    await alice.subscribe('1', '/queue/dead-letters')
    expect(alice.messages.map(({ headers }) => [...headers])).toEqual([[['kept', 'yes']]])
  })

  it('rejects, and moves nothing, where a durable subscription is no more', async () => {
    const { broker, admin } = await open({ maxDeliveries: 1 })
    const alice = connect(broker, { clientId: 'c' })
    await alice.subscribe('1', '/queue/a', individual)
    await alice.subscribe('2', '/topic/a', { ...individual, durable: 'true' })
    await alice.send('/queue/a', 'queued')
    await alice.send('/topic/a', 'published')
    await alice.nack('queued')
    await alice.nack('published')
    await alice.unsubscribe('2', { durable: 'true' })
    await expect(admin.move('/queue/dead-letters')).rejects.toThrow(refusal('STOMP_ERR_DESTINATION_UNKNOWN'))
    expect(alice.bodies()).toEqual(['queued', 'published'])
    expect(await admin.purge('/queue/dead-letters')).toBe(2)
    expect(admin.keptBytes).toBe(0)
  })
})
