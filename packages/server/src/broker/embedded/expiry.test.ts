import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { createWheel } from '../../clock/wheel.js'
import { createMessage } from '../../message/message.js'
import { createFakeClock } from '../../testing/fake-clock.js'
import { createBudget } from './budget.js'
import { createExpiry } from './expiry.js'
import { holdMessage } from './held-message.js'
import { Queue } from './queue.js'
import type { QueueEntry } from './queue-entry.js'
import { createRate } from './rate.js'

function open() {
  const clock = createFakeClock()
  const wheel = createWheel(clock)
  const expired: string[] = []
  let timers = 0
  const expiry = createExpiry(
    () => clock.epochMs(),
    (delayMs, run) => {
      timers++
      return wheel.after(delayMs, run)
    },
  )
  const listener = {
    settled: () => {},
    idle: () => {},
    gone: () => expiry.gone(),
    gapJoined: () => {},
    expired: (_queue: Queue, { held }: QueueEntry) => expired.push(held.message.id),
  }
  const queue = new Queue({
    ...{ name: '/queue/a', bounds: { maxMessages: 1e6, maxBytes: 1e12 }, budget: createBudget(1e12), listener },
    ...{ epochMs: () => clock.epochMs(), published: createRate(() => 0), delivered: createRate(() => 0) },
  })
  let position = 0
  const add = (expiration: number): QueueEntry => {
    const headers = createHeaders({ expiration: `${expiration}` })
    const message = createMessage({ id: `${++position}`, destination: '/queue/a', headers, body: new Uint8Array() })
    const held = holdMessage(message, clock.epochMs())
    queue.reserve(held.bytes)
    const state = { deliveries: 0, isUncertain: false, gap: undefined, state: 'given' } as const
    const entry: QueueEntry = { position, held, ...state }
    queue.put(entry)
    expiry.watch(queue, entry)
    return entry
  }
  return { clock, expiry, queue, expired, add, timers: () => timers }
}

describe('expiry', () => {
  it('takes each entry out when its time is over, in whatever order they came', () => {
    const { clock, queue, expired, add } = open()
    for (const ms of [5_000, 1_000, 3_000]) add(ms)
    clock.advance(900)
    expect(expired).toEqual([])
    clock.advance(200)
    expect(expired).toEqual(['2'])
    clock.advance(2_000)
    expect(expired).toEqual(['2', '3'])
    clock.advance(2_000)
    expect(expired).toEqual(['2', '3', '1'])
    expect(queue.bytes).toBe(0)
  })

  it('leaves alone what a consumer has', () => {
    const { clock, queue, expired, add } = open()
    const entry = add(1_000)
    queue.takeOldest()
    clock.advance(2_000)
    expect(expired).toEqual([])
    queue.put(entry)
    expect(expired).toEqual(['1'])
  })

  it('does nothing once it is stopped', () => {
    const { clock, expiry, expired, add } = open()
    add(1_000)
    expiry.stop()
    add(500)
    clock.advance(2_000)
    expect(expired).toEqual([])
  })

  it('uses one timer for many', () => {
    const { clock, add, timers } = open()
    for (let i = 0; i < 1_000; i++) add(1_000 + i)
    expect(timers()).toBe(1)
    clock.advance(10_000)
  })

  it('does not hold on to what is gone long before its end', () => {
    const { expiry, queue, add } = open()
    for (let i = 0; i < 10_000; i++) add(86_400_000)
    expect(expiry.size).toBe(10_000)
    for (let entry = queue.takeOldest(); entry !== undefined; entry = queue.takeOldest()) queue.settle(entry)
    expect(expiry.size).toBeLessThan(128)
    for (let i = 0; i < 10_000; i++) {
      const entry = add(86_400_000)
      queue.takeOut(entry)
      queue.settle(entry)
      expect(expiry.size).toBeLessThan(128)
    }
  })
})
