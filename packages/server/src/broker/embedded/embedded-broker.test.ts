import { createHeaders, type HeadersInit } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { createWheel } from '../../clock/wheel.js'
import { createDestinationSyntax, type Separator } from '../../destination/destination.js'
import { StompError } from '../../errors.js'
import type { Delivery } from '../../message/delivery.js'
import type { StompEvent } from '../../observe/events.js'
import type { MessageStore } from '../../store/message-store.js'
import { createFakeClock } from '../../testing/fake-clock.js'
import { brokerContract } from '../broker.contract.js'
import type { Broker, Channel, Subscriber } from '../broker.js'
import { embeddedBroker } from './embedded-broker.js'
import type { EmbeddedBrokerOptions } from './embedded-broker-options.js'

async function open(options: EmbeddedBrokerOptions = {}, separator: Separator = '/') {
  const events: StompEvent[] = []
  let lastId = 0
  const clock = createFakeClock()
  const wheel = createWheel(clock)
  const broker: Broker = await embeddedBroker(options)({
    clock,
    after: (delayMs, run) => wheel.after(delayMs, run),
    syntax: createDestinationSyntax(separator),
    nextMessageId: () => `m-${++lastId}`,
    observe: (event) => events.push(event),
  })
  return { broker, events, clock }
}

let lastSession = 0
const owner = () => ({ sessionId: `s-${++lastSession}`, userName: undefined, clientId: undefined })

/** A channel whose subscriber notes the destinations of what it is given. */
function connect(broker: Broker) {
  const delivered: string[] = []
  const channel: Channel = broker.attach(
    {
      deliver(message) {
        delivered.push(message.destination)
        return 'taken'
      },
      refuse: () => {},
    },
    owner(),
  )
  const subscribe = (id: string, destination: string, headers?: HeadersInit) =>
    channel.handle({
      command: 'SUBSCRIBE',
      id,
      shownId: id,
      shownDestination: undefined,
      destination,
      headers: createHeaders(headers),
    })
  const send = (destination: string, headers?: HeadersInit) =>
    channel.handle({ command: 'SEND', destination, headers: createHeaders(headers), body: new Uint8Array() })
  return { channel, delivered, subscribe, send }
}

const refusal = (code: string) => expect.objectContaining({ name: 'StompError', code })

const LIMITS = { maxDeliveries: 3, maxQueueMessages: 20, maxBacklogMessages: 10 }
const CONTRACT_OPTIONS: EmbeddedBrokerOptions = { ...LIMITS, history: [{ topics: '/topic/history/**', count: 5 }] }

describe('the embedded broker as a broker', () => {
  brokerContract(
    { describe, it, expect },
    {
      async open() {
        const { broker, clock } = await open(CONTRACT_OPTIONS)
        return {
          broker,
          quiet: async () => {},
          pass: async (ms) => clock.advance(ms),
          epochMs: () => clock.epochMs(),
          close: () => broker.close(),
        }
      },
      unknownDestination: '/elsewhere/a',
      limits: { ...LIMITS, deadLetterQueue: '/queue/dead-letters', historyCount: 5 },
    },
  )
})

describe('the embedded broker', () => {
  it('does everything at once: requests are settled when the call returns, deliveries made', async () => {
    const { broker } = await open()
    const { channel, delivered, subscribe, send } = connect(broker)
    expect(subscribe('1', '/topic/a')).toBeUndefined()
    expect(send('/topic/a')).toBeUndefined()
    expect(delivered).toEqual(['/topic/a'])
    expect(channel.handle({ command: 'UNSUBSCRIBE', id: '1', shownId: '1', headers: createHeaders() })).toBeUndefined()
    send('/topic/a')
    expect(delivered).toEqual(['/topic/a'])
  })

  it('serves topics at and below their prefixes, by segment, and wildcards never reach beyond', async () => {
    const { broker } = await open({ topics: ['/topic', '/news/sport'] })
    const { subscribe, send } = connect(broker)
    for (const destination of ['/topic', '/topic/a/b', '/news/sport/x']) {
      expect(send(destination)).toBeUndefined()
      expect(subscribe(destination, destination)).toBeUndefined()
    }
    for (const destination of ['/topics/a', '/news', '/news/sports', '/queues/a', '/user/queue/a']) {
      expect(() => send(destination)).toThrow(refusal('STOMP_ERR_DESTINATION_UNKNOWN'))
      expect(() => subscribe('1', destination)).toThrow(refusal('STOMP_ERR_DESTINATION_UNKNOWN'))
    }
    for (const pattern of ['/**', '/*/a', '/*', '/news/*']) {
      expect(() => subscribe('1', pattern)).toThrow(refusal('STOMP_ERR_DESTINATION_UNKNOWN'))
    }
  })

  it('names what it serves in the cure', async () => {
    const { send } = connect((await open({ topics: ['/topic', '/news'] })).broker)
    expect(() => send('/elsewhere/a')).toThrow(
      expect.objectContaining({
        message: "Nothing is served at '/elsewhere/a'",
        cure: expect.stringContaining('/topic, /news'),
      }),
    )
  })

  it.each(['topic', '/topic/', '/topic//a', '/topic/*', '/**', ''])(
    'refuses %j as a prefix of topics',
    async (prefix) => {
      await expect(open({ topics: [prefix] })).rejects.toThrow(
        new TypeError(`topics: '${prefix}' is not a destination`),
      )
    },
  )

  it('matches wildcards between dots where the separator is a dot', async () => {
    const { subscribe, send, delivered } = connect((await open({}, '.')).broker)
    subscribe('1', '/topic/price.*.nasdaq')
    for (const destination of ['/topic/price.ibm.nasdaq', '/topic/price.nasdaq', '/topic/price.a.b.nasdaq'])
      send(destination)
    expect(delivered).toEqual(['/topic/price.ibm.nasdaq'])
  })

  it.each([
    [{ ack: 'maybe' }, 'STOMP_ERR_HEADER_INVALID'],
    [{ 'prefetch-count': '0' }, 'STOMP_ERR_HEADER_INVALID'],
    [{ 'prefetch-count': 'many' }, 'STOMP_ERR_HEADER_INVALID'],
    [{ selector: 'a =' }, 'STOMP_ERR_SELECTOR_INVALID'],
    [{ durable: 'true' }, 'STOMP_ERR_HEADER_MISSING'],
    [{ since: 'm-1' }, 'STOMP_ERR_UNSUPPORTED'],
    [{ replay: '5' }, 'STOMP_ERR_UNSUPPORTED'],
    [{ since: 'm-1', replay: '5' }, 'STOMP_ERR_HEADER_INVALID'],
  ])('refuses SUBSCRIBE with %j, and the subscription is not made', async (headers, code) => {
    const { subscribe, send, delivered } = connect((await open()).broker)
    expect(() => subscribe('1', '/topic/a', headers)).toThrow(refusal(code))
    send('/topic/a')
    expect(delivered).toEqual([])
  })

  it('takes ack:auto and headers it does not know', async () => {
    const { subscribe, send, delivered } = connect((await open()).broker)
    subscribe('1', '/topic/a', { ack: 'auto', 'x-own': '1' })
    send('/topic/a')
    expect(delivered).toEqual(['/topic/a'])
  })

  it('takes as many destinations as it may, patterns counted, and more once some are free', async () => {
    const { broker } = await open({ maxDestinations: 2 })
    const [alice, bob] = [connect(broker), connect(broker)]
    alice.subscribe('1', '/topic/a')
    alice.subscribe('2', '/topic/*')
    expect(() => alice.subscribe('3', '/topic/b')).toThrow(refusal('STOMP_ERR_DESTINATION_LIMIT'))
    expect(() => bob.subscribe('1', '/topic/**')).toThrow(refusal('STOMP_ERR_DESTINATION_LIMIT'))
    expect(bob.subscribe('1', '/topic/a')).toBeUndefined()
    expect(bob.subscribe('2', '/topic/*')).toBeUndefined()
    alice.channel.detach()
    expect(() => bob.subscribe('3', '/topic/b')).toThrow(refusal('STOMP_ERR_DESTINATION_LIMIT'))
    bob.channel.handle({ command: 'UNSUBSCRIBE', id: '1', shownId: '1', headers: createHeaders() })
    expect(bob.subscribe('3', '/topic/b')).toBeUndefined()
  })

  it('refuses wildcards in a destination of more than 32 segments, which each cost memory; exact names may be longer', async () => {
    const { subscribe } = connect((await open()).broker)
    const deep = (count: number): string => `/topic${'/a'.repeat(count - 1)}`
    expect(() => subscribe('1', `${deep(32)}/*`)).toThrow(refusal('STOMP_ERR_DESTINATION_INVALID'))
    expect(subscribe('2', `${deep(31)}/*`)).toBeUndefined()
    expect(subscribe('3', deep(200))).toBeUndefined()
  })

  it('holds no destination for those who only publish, nor for a SUBSCRIBE after the end of its session', async () => {
    const { broker } = await open({ maxDestinations: 1 })
    const [alice, bob] = [connect(broker), connect(broker)]
    for (let i = 0; i < 10; i++) alice.send(`/topic/${i}`)
    alice.channel.detach()
    alice.subscribe('1', '/topic/late')
    expect(bob.subscribe('1', '/topic/a')).toBeUndefined()
  })

  it('tells of a header that a subscriber cannot be shown', async () => {
    const { broker, events } = await open()
    const channel = broker.attach(
      {
        deliver(message, delivery) {
          message.frame('1.0', delivery)
          return 'taken'
        },
        refuse: () => {},
      },
      owner(),
    )
    const headers = createHeaders()
    const shown = { shownId: '1', shownDestination: undefined }
    channel.handle({ command: 'SUBSCRIBE', id: '1', ...shown, destination: '/topic/a', headers })
    connect(broker).send('/topic/a', { lines: 'a\nb' })
    expect(events).toEqual([{ type: 'header-left-out', destination: '/topic/a', header: 'lines', version: '1.0' }])
  })

  it('does not count what is private to sessions: that is bounded for each of them', async () => {
    const { broker } = await open({ maxDestinations: 2 })
    const { channel, subscribe, send, delivered } = connect(broker)
    for (let i = 0; i < 10; i++) subscribe(`${i}`, `\u0000user/${i}`)
    for (let i = 0; i < 10; i++) send(`\u0000temp/s-${lastSession}/${i}`)
    expect(subscribe('a', '/topic/a')).toBeUndefined()
    expect(send('/queue/a')).toBeUndefined()
    expect(() => send('/queue/b')).toThrow(refusal('STOMP_ERR_DESTINATION_LIMIT'))
    send('\u0000user/7')
    expect(delivered).toEqual(['\u0000user/7'])
    channel.detach()
    expect(broker.admin?.destinations().map(({ destination }) => destination)).toEqual(['/queue/a'])
  })

  it('keeps no queue that was named by a message for which there is no room', async () => {
    const { broker } = await open({ maxKeptBytes: 2_000 })
    const { send } = connect(broker)
    for (let i = 0; i < 3; i++) send('/queue/a')
    expect(() => send('/queue/b')).toThrow(refusal('STOMP_ERR_QUEUE_FULL'))
    expect(broker.admin?.destinations().map(({ destination }) => destination)).toEqual(['/queue/a'])
  })

  it('lets a durable subscription do without a message too great for it, and tells the gap with the next', async () => {
    const { broker, events } = await open({ maxQueueBytes: 2_000 })
    const gaps: boolean[] = []
    const subscriber: Subscriber = {
      deliver(_message, { isAfterGap }) {
        gaps.push(isAfterGap === true)
        return 'taken'
      },
      refuse: () => {},
    }
    const durable = createHeaders({ durable: 'true', 'client-id': 'c' })
    const request = { command: 'SUBSCRIBE', id: '1', shownId: '1', shownDestination: undefined } as const
    const attach = () => broker.attach(subscriber, owner())
    const away = attach()
    away.handle({ ...request, destination: '/topic/a', headers: durable })
    away.detach()
    const { channel, send } = connect(broker)
    send('/topic/a')
    const headers = createHeaders()
    channel.handle({ command: 'SEND', destination: '/topic/a', headers, body: new Uint8Array(2_000) })
    send('/topic/a')
    attach().handle({ ...request, destination: '/topic/a', headers: durable })
    expect(gaps).toEqual([false, true])
    const subscription = 'durable:/c/1'
    expect(events).toEqual([{ type: 'message-dropped', destination: '/topic/a', subscription, messageId: 'm-2' }])
  })

  it('forgets no more of a durable subscription than comes, where others leave no room', async () => {
    const { broker } = await open({ maxKeptBytes: 4_000 })
    const alice = connect(broker)
    alice.subscribe('1', '/topic/a', { durable: 'true', 'client-id': 'c' })
    alice.channel.detach()
    const { send } = connect(broker)
    for (let i = 0; i < 3; i++) send('/topic/a')
    for (let i = 0; i < 4; i++) send('/queue/a')
    send('/topic/a')
    const depths = broker.admin?.destinations().map(({ kind, depth }) => `${kind} ${depth}`)
    expect(depths).toEqual(['queue 4', 'durable-subscription 3'])
    expect(broker.admin?.keptBytes).toBeLessThanOrEqual(4_000)
  })

  it('delivers nothing after it has closed, whoever leaves or comes, and refuses what is new', async () => {
    const { broker } = await open()
    const [alice, bob] = [connect(broker), connect(broker)]
    alice.subscribe('1', '/queue/a', { ack: 'client' })
    alice.send('/queue/a')
    bob.subscribe('1', '/queue/a', { ack: 'client' })
    await broker.close()
    alice.channel.detach()
    bob.channel.ready()
    expect([alice.delivered.length, bob.delivered.length]).toEqual([1, 0])
    expect(() => bob.subscribe('2', '/queue/a')).toThrow(refusal('STOMP_ERR_CLOSING'))
    expect(() => bob.send('/queue/a')).toThrow(refusal('STOMP_ERR_CLOSING'))
    await expect(broker.close()).resolves.toBeUndefined()
  })

  it('has no subscription, durable or not, where the store refused it', async () => {
    const store: MessageStore = {
      ...{ open: async () => ({ entries: [], notes: new Map(), wasClosed: true }), later: () => {} },
      commit: () => Promise.reject(new StompError('STOMP_ERR_STORE_FULL')),
      close: async () => {},
    }
    const { broker } = await open({ store })
    const alice = connect(broker)
    const headers = { durable: 'true', 'client-id': 'c' }
    await expect(alice.subscribe('1', '/topic/a', headers)).rejects.toThrow(refusal('STOMP_ERR_STORE_FULL'))
    alice.send('/topic/a')
    expect(alice.delivered).toEqual([])
    expect(broker.admin?.destinations()).toEqual([])
  })

  it('gives back what could not be acknowledged in the store, and keeps nothing of what could not be stored', async () => {
    let isFull = false
    const refused = new StompError('STOMP_ERR_STORE_FULL')
    const store: MessageStore = {
      ...{ open: async () => ({ entries: [], notes: new Map(), wasClosed: true }), later: () => {} },
      commit: async () => {
        if (isFull) throw refused
      },
      close: async () => {},
    }
    const { broker } = await open({ store })
    const given: Delivery[] = []
    const channel = broker.attach(
      {
        deliver(_message, delivery) {
          given.push(delivery)
          return 'taken'
        },
        refuse: () => {},
      },
      owner(),
    )
    const { send } = connect(broker)
    const headers = createHeaders({ ack: 'client-individual', 'prefetch-count': '1' })
    const shown = { shownId: '1', shownDestination: undefined }
    channel.handle({ command: 'SUBSCRIBE', id: '1', ...shown, destination: '/queue/a', headers })
    await send('/queue/a', { persistent: 'true' })
    await new Promise((resolve) => setImmediate(resolve))
    isFull = true
    // All three at once: what waits its turn must be heard, too.
    const outcomes = await Promise.allSettled([
      channel.handle({ command: 'ACK', reference: { ack: given[0]?.ack ?? '' } }),
      send('/queue/a', { persistent: 'true' }),
      send('/queue/a', { persistent: 'true' }),
    ])
    expect(outcomes).toEqual(outcomes.map(() => ({ status: 'rejected', reason: refused })))
    expect(given.map(({ redelivered }) => redelivered)).toEqual([undefined, true])
    isFull = false
    await channel.handle({ command: 'ACK', reference: { ack: given[1]?.ack ?? '' } })
    await new Promise((resolve) => setImmediate(resolve))
    expect(broker.admin?.keptBytes).toBe(0)
  })
})
