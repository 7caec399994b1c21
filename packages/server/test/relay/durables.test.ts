import { createHeaders, type Frame } from '@hoofbeat/codec'
import { afterEach, describe, expect, it } from 'vitest'
import type { Broker } from '../../src/broker/broker.js'
import { answerOf, codeOf, connect, sendOf } from '../../src/broker/contract/contract-client.js'
import { openRelay } from '../../src/broker/relay/relay-broker.js'
import { type RelayBrokerOptions, resolveRelaySettings } from '../../src/broker/relay/relay-options.js'
import { createBrokerParts } from '../../src/testing/broker-parts.js'
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.js'
import { everyChance } from '../../src/testing/patience.js'
import { type BrokerEnd, ScriptedBroker } from './scripted-broker.js'

const durable = { durable: 'true', ack: 'client-individual' }
const alices = { userName: 'alice', clientId: 'phone' }
const NAME = 'durable:alice/phone/1'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A relay to a broker that does what the test says; to ActiveMQ, unless it says so. */
async function openScene(
  options: Partial<RelayBrokerOptions> = {},
): Promise<{ readonly scripted: ScriptedBroker; readonly clock: FakeClock; readonly broker: Broker }> {
  const scripted = new ScriptedBroker()
  const clock = createFakeClock()
  const settings = resolveRelaySettings({
    hosts: ['stomp://node:secret@broker'],
    ...{ profile: 'activemq', pool: 1, heartBeat: { sendMs: 0, receiveMs: 0 } },
    ...options,
  })
  const broker = await openRelay(settings, createBrokerParts(clock), scripted.dial)
  closing.push(async () => {
    const closed = broker.close()
    await clock.pass(10_000)
    await closed
  })
  await everyChance()
  return { scripted, clock, broker }
}

/** Connections that were made in this name, with what they have said in CONNECT. */
const madeFor = ({ ends }: ScriptedBroker, name: string): BrokerEnd[] =>
  ends.filter(({ frames }) => frames[0]?.headers.get('client-id') === name)

/** Refuses those connections as ActiveMQ does, as long as `isHeld` says so. */
const heldWhile =
  (isHeld: () => boolean): ScriptedBroker['react'] =>
  (frame, end) => {
    if (frame.command !== 'CONNECT' || !frame.headers.has('client-id') || !isHeld()) return undefined
    end.error('Broker: localhost - Client: x already connected from tcp://127.0.0.1:1')
    return 'handled'
  }

const subscribeOf = (end: BrokerEnd | undefined): Frame | undefined =>
  end?.frames.find(({ command }) => command === 'SUBSCRIBE')

/** Delivers one message by it. */
function deliver(end: BrokerEnd | undefined, body: string): void {
  const subscription = subscribeOf(end)?.headers.get('id') ?? ''
  const headers = { subscription, destination: '/topic/a', 'message-id': body, ack: `ack-${body}`, hoofbeat_id: body }
  end?.send('MESSAGE', headers, body)
}

describe('a durable subscription that belongs to a connection', () => {
  it('has one for itself, known by its name, which ends with the session', async () => {
    const { scripted, broker } = await openScene()
    const alice = connect(broker, alices)
    await alice.subscribe('1', '/topic/a', durable)
    const [end, ...others] = madeFor(scripted, NAME)
    expect(others).toEqual([])
    expect(end?.frames[0]?.headers.get('login')).toBe('node')
    expect(subscribeOf(end)?.headers.get('activemq.subscriptionName')).toBe('hoofbeat')
    expect(broker.legs?.().map(({ name }) => name)).toEqual(['shared', 'pool-1', 'durables'])
    alice.channel.detach()
    await everyChance()
    expect(end?.frames.map(({ command }) => command)).toEqual(['CONNECT', 'SUBSCRIBE', 'UNSUBSCRIBE', 'DISCONNECT'])
    expect(broker.legs?.().map(({ name }) => name)).toEqual(['shared', 'pool-1'])
  })

  it('speaks for its client, where each has a login of its own', async () => {
    const { scripted, broker } = await openScene({ mode: 'per-client' })
    const credentials = { login: 'alice', passcode: 'hers' }
    const subscriber = { deliver: () => 'taken' as const, refuse: () => {} }
    const channel = broker.attach(subscriber, { sessionId: 's', ...alices, credentials })
    const request = { id: '1', shownId: '1', destination: '/topic/a', shownDestination: undefined }
    await channel.handle({ command: 'SUBSCRIBE', ...request, headers: createHeaders(durable) })
    expect(madeFor(scripted, NAME).map(({ frames }) => frames[0]?.headers.get('login'))).toEqual(['alice'])
  })

  it('is asked for again while another connection holds it, and is in use when that stays', async () => {
    const { scripted, clock, broker } = await openScene()
    let isHeld = true
    scripted.react = heldWhile(() => isHeld)
    const [alice, bob] = [connect(broker, alices), connect(broker, { ...alices, userName: 'bob' })]
    const taken = codeOf(() => alice.subscribe('1', '/topic/a', durable))
    await clock.pass(3_000)
    isHeld = false
    await clock.pass(1_000)
    expect(await taken).toBe(undefined)
    isHeld = true
    const refused = codeOf(() => bob.subscribe('1', '/topic/a', durable))
    await clock.pass(6_000)
    expect(await refused).toBe('STOMP_ERR_SUBSCRIPTION_EXISTS')
    const ended = codeOf(() => bob.unsubscribe('1', durable))
    await clock.pass(6_000)
    expect(await ended).toBe('STOMP_ERR_SUBSCRIPTION_EXISTS')
    expect([alice.refusals, bob.refusals]).toEqual([[], []])
  })

  it('ends its session when another connection has taken it while its own was lost', async () => {
    const { scripted, clock, broker } = await openScene()
    const alice = connect(broker, alices)
    await alice.subscribe('1', '/topic/a', durable)
    scripted.react = heldWhile(() => true)
    madeFor(scripted, NAME)[0]?.cut()
    await clock.pass(4_000)
    expect(alice.refusals).toEqual([])
    await clock.pass(2_000)
    expect(alice.refusals).toEqual(['STOMP_ERR_SUBSCRIPTION_EXISTS'])
  })

  it('marks what its client had when its connection was lost, though the broker does not', async () => {
    const { scripted, clock, broker } = await openScene()
    const alice = connect(broker, alices)
    await alice.subscribe('1', '/topic/a', durable)
    const [first] = madeFor(scripted, NAME)
    for (const body of ['answered', 'given']) deliver(first, body)
    await everyChance()
    await alice.ack('answered')
    await everyChance()
    first?.cut()
    await clock.pass(1_000)
    const second = madeFor(scripted, NAME)[1]
    for (const body of ['given', 'new']) deliver(second, body)
    await everyChance()
    expect(alice.deliveries.map(({ redelivered }, i) => [alice.bodies()[i], redelivered === true])).toEqual([
      ['answered', false],
      ['given', false],
      ['given', true],
      ['new', false],
    ])
    await alice.ack('given')
    await everyChance()
    expect(first?.words.filter((word) => word.startsWith('ACK'))).toEqual(['ACK ack-answered'])
    expect(second?.words.filter((word) => word.startsWith('ACK'))).toEqual(['ACK ack-given'])
  })

  it('is refused where there are as many connections as are allowed, and there is room when one has gone', async () => {
    const { broker } = await openScene({ maxDurableConnections: 1 })
    const [alice, bob] = [connect(broker, alices), connect(broker, { ...alices, userName: 'bob' })]
    await alice.subscribe('1', '/topic/a', durable)
    expect(await codeOf(() => bob.subscribe('1', '/topic/a', durable))).toBe('STOMP_ERR_SUBSCRIPTION_LIMIT')
    expect(await codeOf(() => bob.unsubscribe('1', durable))).toBe('STOMP_ERR_SUBSCRIPTION_LIMIT')
    alice.channel.detach()
    await everyChance()
    expect(await codeOf(() => bob.subscribe('1', '/topic/a', durable))).toBe(undefined)
  })

  it('cannot be acknowledged together with what goes by other connections; alone it can', async () => {
    const { scripted, broker } = await openScene()
    const alice = connect(broker, alices)
    await alice.subscribe('1', '/topic/a', durable)
    const [end] = madeFor(scripted, NAME)
    deliver(end, 'hi')
    await everyChance()
    const both = codeOf(() => alice.commit(sendOf('/topic/b', 'done'), answerOf(alice, 'hi')))
    expect(await both).toBe('STOMP_ERR_UNSUPPORTED')
    expect(await codeOf(() => alice.commit(answerOf(alice, 'hi')))).toBe(undefined)
    expect(end?.words.at(-1)).toBe('ACK ack-hi')
    expect(scripted.ends.flatMap(({ words }) => words).filter((word) => word.startsWith('SEND'))).toEqual([])
  })
})

describe('a durable subscription at RabbitMQ', () => {
  it('is refused before anything is sent where its name is longer than that of a queue may be', async () => {
    const { scripted, broker } = await openScene({ profile: 'rabbitmq' })
    const alice = connect(broker, { ...alices, clientId: 'x'.repeat(250) })
    const before = scripted.ends.flatMap(({ words }) => words)
    expect(await codeOf(() => alice.subscribe('1', '/topic/a', durable))).toBe('STOMP_ERR_HEADER_INVALID')
    expect(await codeOf(() => alice.unsubscribe('1', durable))).toBe('STOMP_ERR_HEADER_INVALID')
    expect(scripted.ends.flatMap(({ words }) => words)).toEqual(before)
  })
})
