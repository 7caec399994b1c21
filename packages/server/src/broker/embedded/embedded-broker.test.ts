import { createHeaders, type HeadersInit } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { createDestinationSyntax, type Separator } from '../../destination/destination.js'
import type { StompEvent } from '../../observe/events.js'
import { brokerContract } from '../broker.contract.js'
import type { Broker, Channel } from '../broker.js'
import { type EmbeddedBrokerOptions, embeddedBroker } from './embedded-broker.js'

function open(options: EmbeddedBrokerOptions = {}, separator: Separator = '/') {
  const events: StompEvent[] = []
  let lastId = 0
  const broker: Broker = embeddedBroker(options)({
    syntax: createDestinationSyntax(separator),
    nextMessageId: () => `m-${++lastId}`,
    observe: (event) => events.push(event),
  })
  return { broker, events }
}

/** A channel whose subscriber notes the destinations of what it is given. */
function connect(broker: Broker) {
  const delivered: string[] = []
  const channel: Channel = broker.attach({
    deliver(message) {
      delivered.push(message.destination)
      return 'taken'
    },
  })
  const subscribe = (id: string, destination: string, headers?: HeadersInit) =>
    channel.handle({ command: 'SUBSCRIBE', id, shownId: id, destination, headers: createHeaders(headers) })
  const send = (destination: string, headers?: HeadersInit) =>
    channel.handle({ command: 'SEND', destination, headers: createHeaders(headers), body: new Uint8Array() })
  return { channel, delivered, subscribe, send }
}

const refusal = (code: string) => expect.objectContaining({ name: 'StompError', code })

describe('the embedded broker as a broker', () => {
  brokerContract(
    { describe, it, expect },
    {
      async open() {
        const { broker } = open()
        return { broker, quiet: async () => {}, close: () => broker.close() }
      },
      unknownDestination: '/queue/a',
    },
  )
})

describe('the embedded broker', () => {
  it('does everything at once: requests are settled when the call returns, deliveries made', () => {
    const { broker } = open()
    const { channel, delivered, subscribe, send } = connect(broker)
    expect(subscribe('1', '/topic/a')).toBeUndefined()
    expect(send('/topic/a')).toBeUndefined()
    expect(delivered).toEqual(['/topic/a'])
    expect(channel.handle({ command: 'UNSUBSCRIBE', id: '1' })).toBeUndefined()
    send('/topic/a')
    expect(delivered).toEqual(['/topic/a'])
  })

  it('serves topics at and below their prefixes, by segment, and wildcards never reach beyond', () => {
    const { broker } = open({ topics: ['/topic', '/news/sport'] })
    const { subscribe, send } = connect(broker)
    for (const destination of ['/topic', '/topic/a/b', '/news/sport/x']) {
      expect(send(destination)).toBeUndefined()
      expect(subscribe(destination, destination)).toBeUndefined()
    }
    for (const destination of ['/topics/a', '/news', '/news/sports', '/queue/a', '/user/queue/a']) {
      expect(() => send(destination)).toThrow(refusal('STOMP_ERR_DESTINATION_UNKNOWN'))
      expect(() => subscribe('1', destination)).toThrow(refusal('STOMP_ERR_DESTINATION_UNKNOWN'))
    }
    for (const pattern of ['/**', '/*/a', '/*', '/news/*']) {
      expect(() => subscribe('1', pattern)).toThrow(refusal('STOMP_ERR_DESTINATION_UNKNOWN'))
    }
  })

  it('names its topics in the cure', () => {
    const { send } = connect(open({ topics: ['/topic', '/news'] }).broker)
    expect(() => send('/queue/a')).toThrow(
      expect.objectContaining({
        message: "Nothing is served at '/queue/a'",
        cure: expect.stringContaining('/topic, /news'),
      }),
    )
  })

  it.each(['topic', '/topic/', '/topic//a', '/topic/*', '/**', ''])('refuses %j as a prefix of topics', (prefix) => {
    expect(() => open({ topics: [prefix] })).toThrow(new TypeError(`topics: '${prefix}' is not a destination`))
  })

  it('matches wildcards between dots where the separator is a dot', () => {
    const { subscribe, send, delivered } = connect(open({}, '.').broker)
    subscribe('1', '/topic/price.*.nasdaq')
    for (const destination of ['/topic/price.ibm.nasdaq', '/topic/price.nasdaq', '/topic/price.a.b.nasdaq'])
      send(destination)
    expect(delivered).toEqual(['/topic/price.ibm.nasdaq'])
  })

  it.each([
    [{ ack: 'client' }, 'STOMP_ERR_UNSUPPORTED'],
    [{ ack: 'client-individual' }, 'STOMP_ERR_UNSUPPORTED'],
    [{ ack: 'maybe' }, 'STOMP_ERR_HEADER_INVALID'],
    [{ selector: "a = 'b'" }, 'STOMP_ERR_UNSUPPORTED'],
    [{ durable: 'true' }, 'STOMP_ERR_UNSUPPORTED'],
    [{ since: 'm-1' }, 'STOMP_ERR_UNSUPPORTED'],
    [{ replay: '5' }, 'STOMP_ERR_UNSUPPORTED'],
  ])('refuses SUBSCRIBE with %j, and the subscription is not made', (headers, code) => {
    const { subscribe, send, delivered } = connect(open().broker)
    expect(() => subscribe('1', '/topic/a', headers)).toThrow(refusal(code))
    send('/topic/a')
    expect(delivered).toEqual([])
  })

  it('takes ack:auto and headers it does not know', () => {
    const { subscribe, send, delivered } = connect(open().broker)
    subscribe('1', '/topic/a', { ack: 'auto', 'x-own': '1' })
    send('/topic/a')
    expect(delivered).toEqual(['/topic/a'])
  })

  it('takes as many destinations as it may, patterns counted, and more once some are free', () => {
    const { broker } = open({ maxDestinations: 2 })
    const [alice, bob] = [connect(broker), connect(broker)]
    alice.subscribe('1', '/topic/a')
    alice.subscribe('2', '/topic/*')
    expect(() => alice.subscribe('3', '/topic/b')).toThrow(refusal('STOMP_ERR_DESTINATION_LIMIT'))
    expect(() => bob.subscribe('1', '/topic/**')).toThrow(refusal('STOMP_ERR_DESTINATION_LIMIT'))
    expect(bob.subscribe('1', '/topic/a')).toBeUndefined()
    expect(bob.subscribe('2', '/topic/*')).toBeUndefined()
    alice.channel.detach()
    expect(() => bob.subscribe('3', '/topic/b')).toThrow(refusal('STOMP_ERR_DESTINATION_LIMIT'))
    bob.channel.handle({ command: 'UNSUBSCRIBE', id: '1' })
    expect(bob.subscribe('3', '/topic/b')).toBeUndefined()
  })

  it('refuses wildcards in a destination of more than 32 segments, which each cost memory; exact names may be longer', () => {
    const { subscribe } = connect(open().broker)
    const deep = (count: number): string => `/topic${'/a'.repeat(count - 1)}`
    expect(() => subscribe('1', `${deep(32)}/*`)).toThrow(refusal('STOMP_ERR_DESTINATION_INVALID'))
    expect(subscribe('2', `${deep(31)}/*`)).toBeUndefined()
    expect(subscribe('3', deep(200))).toBeUndefined()
  })

  it('holds no destination for those who only publish, nor for a SUBSCRIBE after the end of its session', () => {
    const { broker } = open({ maxDestinations: 1 })
    const [alice, bob] = [connect(broker), connect(broker)]
    for (let i = 0; i < 10; i++) alice.send(`/topic/${i}`)
    alice.channel.detach()
    alice.subscribe('1', '/topic/late')
    expect(bob.subscribe('1', '/topic/a')).toBeUndefined()
  })

  it('tells of a header that a subscriber cannot be shown', () => {
    const { broker, events } = open()
    const channel = broker.attach({
      deliver(message, delivery) {
        message.frame('1.0', delivery)
        return 'taken'
      },
    })
    const headers = createHeaders()
    channel.handle({ command: 'SUBSCRIBE', id: '1', shownId: '1', destination: '/topic/a', headers })
    connect(broker).send('/topic/a', { lines: 'a\nb' })
    expect(events).toEqual([{ type: 'header-left-out', destination: '/topic/a', header: 'lines', version: '1.0' }])
  })
})
