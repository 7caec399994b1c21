import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { createDestinationSyntax } from '../../destination/destination.js'
import { createFakeClock } from '../../testing/fake-clock.js'
import type { Broker, Channel } from '../broker.js'
import { embeddedBroker } from './embedded-broker.js'
import type { EmbeddedBrokerOptions } from './embedded-broker-options.js'

/*
 * Work that grows: a step that costs more the more there is would make each of these last minutes, and the runner's time
 * limit would end it. As they are, each takes a second or two.
 */

async function open(options: EmbeddedBrokerOptions = {}): Promise<Broker> {
  let lastId = 0
  return await embeddedBroker(options)({
    ...{ clock: createFakeClock(), after: () => ({ cancel: () => {} }), syntax: createDestinationSyntax() },
    ...{ nextMessageId: () => `${++lastId}`, observe: () => {} },
  })
}

const body = new Uint8Array()
let lastSession = 0

function attach(broker: Broker, deliver: (ack: string | undefined, id: string) => void = () => {}): Channel {
  const owner = { sessionId: `${++lastSession}`, userName: undefined, clientId: 'c' }
  return broker.attach(
    {
      deliver({ id }, { ack }) {
        deliver(ack, id)
        return 'taken'
      },
      refuse: () => {},
    },
    owner,
  )
}

function subscribe(channel: Channel, id: string, destination: string, headers: Record<string, string> = {}): void {
  const shown = { shownId: id, shownDestination: undefined }
  channel.handle({ command: 'SUBSCRIBE', id, ...shown, destination, headers: createHeaders(headers) })
}

function sender(channel: Channel, headers: Record<string, string> = {}): (destination: string) => void {
  const all = createHeaders(headers)
  return (destination) => channel.handle({ command: 'SEND', destination, headers: all, body })
}

function shuffle(items: string[]): void {
  let seed = 1
  for (let i = items.length - 1; i > 0; i--) {
    seed = (seed * 48_271) % 2_147_483_647
    const other = seed % (i + 1)
    const [one = '', two = ''] = [items[i], items[other]]
    items[i] = two
    items[other] = one
  }
}

describe('the embedded broker under load', { timeout: 60_000 }, () => {
  it('gives 50,000 queued messages to one who acknowledges them in random order', async () => {
    const broker = await open()
    const send = sender(attach(broker))
    for (let i = 0; i < 50_000; i++) send('/queue/a')
    let acks: string[] = []
    let count = 0
    const alice = attach(broker, (ack = '') => {
      count++
      acks.push(ack)
    })
    subscribe(alice, '1', '/queue/a', { ack: 'client-individual', 'prefetch-count': '10000' })
    while (acks.length > 0) {
      const due = acks
      acks = []
      shuffle(due)
      for (const ack of due) alice.handle({ command: 'ACK', reference: { ack } })
    }
    expect(count).toBe(50_000)
    expect(broker.admin?.keptBytes).toBe(0)
  })

  it('takes 50,000 messages back from a lost session, and gives them to the next in order', async () => {
    const broker = await open()
    const send = sender(attach(broker))
    for (let i = 0; i < 50_000; i++) send('/queue/a')
    const acks: string[] = []
    const alice = attach(broker, (ack = '') => acks.push(ack))
    for (let i = 0; i < 5; i++) {
      subscribe(alice, `${i}`, '/queue/a', { ack: 'client-individual', 'prefetch-count': '10000' })
    }
    // So that they do not come back as they were given.
    const again = acks.slice()
    shuffle(again)
    for (const ack of again.slice(0, 10_000)) alice.handle({ command: 'NACK', reference: { ack } })
    alice.detach()
    const ids: number[] = []
    subscribe(
      attach(broker, (_ack, id) => ids.push(Number(id))),
      '1',
      '/queue/a',
    )
    expect(acks.length).toBe(60_000)
    expect(ids.length).toBe(50_000)
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
  })

  it('takes one cumulative answer for 10,000 messages, and 10,000 in one transaction', async () => {
    const broker = await open()
    const send = sender(attach(broker))
    const acks: string[] = []
    const alice = attach(broker, (ack = '') => acks.push(ack))
    subscribe(alice, '1', '/queue/a', { ack: 'client', 'prefetch-count': '10000' })
    for (let i = 0; i < 20_000; i++) send('/queue/a')
    expect(acks.length).toBe(10_000)
    alice.handle({ command: 'ACK', reference: { ack: acks.at(-1) ?? '' } })
    expect(acks.length).toBe(20_000)
    alice.commit(acks.slice(10_000).map((ack) => ({ command: 'ACK', reference: { ack } })))
    expect(broker.admin?.keptBytes).toBe(0)
  })

  it('serves 10,000 queues, and forgets them', async () => {
    const broker = await open()
    const send = sender(attach(broker))
    let count = 0
    const alice = attach(broker, () => count++)
    for (let i = 0; i < 10_000; i++) subscribe(alice, `${i}`, `/queue/${i}`)
    for (let round = 0; round < 5; round++) for (let i = 0; i < 10_000; i++) send(`/queue/${i}`)
    expect(count).toBe(50_000)
    alice.detach()
    expect(broker.admin?.destinations()).toEqual([])
  })

  it('shares one queue out among 10,000 consumers', async () => {
    const broker = await open()
    const send = sender(attach(broker))
    const counts: number[] = []
    for (let i = 0; i < 10_000; i++) {
      counts.push(0)
      subscribe(
        attach(broker, () => counts.splice(i, 1, (counts[i] ?? 0) + 1)),
        '1',
        '/queue/a',
      )
    }
    for (let i = 0; i < 100_000; i++) send('/queue/a')
    expect(counts.every((count) => count === 10)).toBe(true)
  })

  it('lets 100,000 messages pass a consumer with a selector that has no credit', async () => {
    const broker = await open()
    const channel = attach(broker)
    const send = sender(channel, { colour: 'red' })
    const starving = attach(broker)
    const selector = "colour = 'red'"
    subscribe(starving, '1', '/queue/a', { selector, ack: 'client', 'prefetch-count': '1' })
    let count = 0
    subscribe(
      attach(broker, () => count++),
      '1',
      '/queue/a',
    )
    for (let i = 0; i < 100_000; i++) send('/queue/a')
    expect(count).toBe(99_999)
  })

  it('purges and moves 50,000 messages', async () => {
    const broker = await open()
    const send = sender(attach(broker))
    for (let i = 0; i < 50_000; i++) send('/queue/a')
    expect(await broker.admin?.move('/queue/a', { to: '/queue/b' })).toBe(50_000)
    expect(await broker.admin?.purge('/queue/b')).toBe(50_000)
    expect(broker.admin?.keptBytes).toBe(0)
  })

  it('forgets the oldest of a full durable subscription 100,000 times', async () => {
    const broker = await open({ maxQueueMessages: 1_000 })
    const send = sender(attach(broker))
    const alice = attach(broker)
    subscribe(alice, '1', '/topic/a', { durable: 'true' })
    alice.detach()
    for (let i = 0; i < 100_000; i++) send('/topic/a')
    expect(broker.admin?.destinations().map(({ depth }) => depth)).toEqual([1_000])
  })
})
