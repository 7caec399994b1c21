import { createHeaders } from '@hoofbeat/codec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMessage } from '../../message/message.js'
import { parseSelector } from '../selectors/selector.js'
import { createBudget } from './budget.js'
import { holdMessage } from './held-message.js'
import { Queue } from './queue.js'
import type { Consumer, Given, QueueEntry } from './queue-entry.js'
import { createRate } from './rate.js'

interface TestConsumer extends Consumer {
  credit: number
  readonly given: number[]
  readonly entries: QueueEntry[]
  onGive: () => Given
}

function open(epochMs: () => number = () => 0) {
  const budget = createBudget(1e12)
  const told: string[] = []
  const queue = new Queue({
    ...{ name: '/queue/a', bounds: { maxMessages: 1e6, maxBytes: 1e12 }, budget, epochMs },
    ...{ published: createRate(() => 0), delivered: createRate(() => 0) },
    listener: {
      settled: (_queue, { position }) => told.push(`settled ${position}`),
      expired: (_queue, { position }) => told.push(`expired ${position}`),
      gone: () => {},
      gapJoined: () => {},
      idle: () => told.push('idle'),
    },
  })
  const put = (position: number, headers: Record<string, string> = {}): QueueEntry => {
    const init = { id: `${position}`, destination: '/queue/a', body: new Uint8Array() }
    const held = holdMessage(createMessage({ ...init, headers: createHeaders(headers) }), 0)
    queue.reserve(held.bytes)
    const entry: QueueEntry = {
      ...{ position, held, deliveries: 0, isUncertain: false, gap: undefined, state: 'given' },
    }
    queue.put(entry)
    return entry
  }
  const consume = (credit: number, selector?: string): TestConsumer => {
    const consumer: TestConsumer = {
      ...{ credit, given: [], entries: [], onGive: () => 'held' },
      selector: selector === undefined ? undefined : parseSelector(selector),
      hasCredit: () => consumer.credit > 0,
      give(entry) {
        const given = consumer.onGive()
        if (given === 'refused') return given
        consumer.credit--
        consumer.given.push(entry.position)
        consumer.entries.push(entry)
        return given
      },
    }
    queue.addConsumer(consumer)
    return consumer
  }
  return { queue, budget, told, put, consume }
}

describe('a queue', () => {
  it('gives in the order of places, whatever the order of coming', () => {
    const { put, consume } = open()
    for (const position of [3, 1, 2]) put(position)
    expect(consume(3).given).toEqual([1, 2, 3])
  })

  it('goes round among consumers with credit, and those who had none stand at the end', () => {
    const { queue, put, consume } = open()
    const [a, b, c] = [consume(1), consume(9), consume(9)]
    for (let i = 1; i <= 4; i++) put(i)
    expect([a.given, b.given, c.given]).toEqual([[1], [2, 4], [3]])
    a.credit = 1
    queue.feed(a)
    for (let i = 5; i <= 7; i++) put(i)
    expect([a.given, b.given, c.given]).toEqual([
      [1, 7],
      [2, 4, 6],
      [3, 5],
    ])
  })

  it('gives consumers with selectors their share by turns with those without', () => {
    const { put, consume } = open()
    const [any, red] = [consume(9), consume(9, "colour = 'red'")]
    for (let i = 1; i <= 4; i++) put(i, { colour: 'red' })
    put(5)
    expect(any.given.length).toBe(3)
    expect(red.given.length).toBe(2)
    expect(any.given.includes(5)).toBe(true)
  })

  it('is not held up by a consumer whose selector matches nothing', () => {
    const { queue, put, consume } = open()
    const none = consume(9, 'x = 1')
    const any = consume(100)
    for (let i = 1; i <= 100; i++) put(i)
    expect(none.given).toEqual([])
    expect(any.given.length).toBe(100)
    expect(queue.depth).toBe(0)
  })

  it('gives what is refused to the next one, and asks again only when told', () => {
    const { queue, put, consume } = open()
    const [a, b] = [consume(9), consume(9)]
    a.onGive = () => 'refused'
    put(1)
    put(2)
    expect([a.given, b.given]).toEqual([[], [1, 2]])
    a.onGive = () => 'held'
    put(3)
    expect([a.given, b.given]).toEqual([[], [1, 2, 3]])
    queue.feed(a)
    put(4)
    put(5)
    expect([a.given.length, b.given.length]).toEqual([1, 4])
  })

  it('does not lose sight of a consumer when the time of a message is over just as it is to be given', () => {
    let nowMs = 0
    let isRunning = false
    const { put, consume, told } = open(() => (isRunning ? nowMs++ : nowMs))
    const consumer = consume(9)
    // One look to put it in, one to find it, and then it is over.
    isRunning = true
    put(1, { expiration: '2' })
    isRunning = false
    expect(told).toEqual(['expired 1'])
    put(2)
    expect(consumer.given).toEqual([2])
  })

  it('may lose consumers, the one that is given to too, inside a delivery', () => {
    const { queue, put, consume } = open()
    const [a, b] = [consume(9), consume(9)]
    a.onGive = () => {
      queue.removeConsumer(a)
      queue.removeConsumer(b)
      return 'held'
    }
    put(1)
    put(2)
    expect([a.given, b.given]).toEqual([[1], []])
    expect(queue.depth).toBe(1)
  })

  it('says that it is idle when nothing is kept and nobody listens', () => {
    const { queue, budget, told, put, consume } = open()
    const entry = put(1)
    const consumer = consume(1)
    queue.removeConsumer(consumer)
    expect(told).toEqual([])
    queue.settle(entry)
    expect(told).toEqual(['idle'])
    expect([queue.bytes, queue.depth, queue.inFlight, budget.used]).toEqual([0, 0, 0, 0])
  })

  it('forgets, once it has ended, what waits and what comes back', () => {
    const { queue, budget, put, consume } = open()
    const consumer = consume(2)
    for (let i = 1; i <= 4; i++) put(i)
    queue.end()
    expect([queue.depth, queue.inFlight]).toEqual([0, 2])
    put(5)
    queue.removeConsumer(consumer)
    queue.putAll(consumer.entries.slice(0, 1))
    for (const entry of consumer.entries.slice(1)) queue.settle(entry)
    expect([queue.depth, queue.inFlight, queue.bytes, budget.used]).toEqual([0, 0, 0, 0])
  })

  it('gives each message to one consumer that may have it, and keeps its books, whatever happens', () => {
    const selectors = [undefined, 'n < 3', 'n > 1', 'even'] as const
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), n: fc.nat(5) }) },
      fc.record({ kind: fc.constant('consume' as const), n: fc.nat(3) }),
      { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('ack', 'nack', 'leave', 'purge'), n: fc.nat(9) }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { queue, budget, put, consume } = open()
        const consumers: TestConsumer[] = []
        let position = 0
        let alive = 0
        for (const { kind, n } of steps) {
          const consumer = consumers[n % Math.max(consumers.length, 1)]
          if (kind === 'put') {
            put(++position, { n: `${n}`, even: `${n % 2 === 0}` })
            alive++
          } else if (kind === 'consume') consumers.push(consume(2, selectors[n]))
          else if (kind === 'purge') {
            const entry = queue.takeOldest()
            if (entry !== undefined) queue.settle(entry)
            if (entry !== undefined) alive--
          } else if (consumer !== undefined && kind === 'leave') {
            queue.removeConsumer(consumer)
            queue.putAll(consumer.entries.splice(0))
            consumers.splice(consumers.indexOf(consumer), 1)
          } else if (consumer !== undefined) {
            const [entry] = consumer.entries.splice(0, 1)
            if (entry === undefined) continue
            consumer.credit++
            if (kind === 'ack') queue.settle(entry)
            if (kind === 'ack') alive--
            else queue.put(entry)
            queue.feed(consumer)
          }
          const held = consumers.flatMap(({ entries }) => entries)
          expect(new Set(held).size).toBe(held.length)
          expect(queue.inFlight).toBe(held.length)
          expect(queue.depth).toBe(alive - held.length)
          for (const { entries, selector } of consumers) {
            for (const { held } of entries) expect(selector?.matches(held.message.headers) ?? true).toBe(true)
          }
          // Nobody with credit waits for a message that it may have.
          for (const waiting of queue.oldest(Number.POSITIVE_INFINITY)) {
            const idle = consumers.find(({ credit, selector }) => {
              return credit > 0 && (selector?.matches(waiting.held.message.headers) ?? true)
            })
            expect(idle).toBeUndefined()
          }
        }
        expect(budget.used).toBe(queue.bytes)
        expect(budget.used > 0).toBe(alive > 0)
      }),
      { numRuns: 300 },
    )
  })
})
