import { headersFromFlat } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { createWheel } from '../clock/wheel.js'
import { createDestinationSyntax } from '../destination/destination.js'
import { createFakeClock } from '../testing/fake-clock.js'
import { CallerRates } from './rate-callers.js'
import { compileRateLimits, type RateLimit } from './rate-limit.js'
import { RateLimiter } from './rate-limiter.js'
import { RateMeter } from './rate-meter.js'

const syntax = createDestinationSyntax()
const body = new Uint8Array()
const sendTo = (destination: string) =>
  ({ command: 'SEND', headers: headersFromFlat(['destination', destination]), body, text: '' }) as const
const limit: RateLimit = { of: 'SEND', count: 2, perMs: 1_000 }

describe('limits that cannot be', () => {
  it.each([
    [{ ...limit, count: 0 }, 'count is a whole number above 0'],
    [{ ...limit, count: 0.5 }, 'count is a whole number above 0'],
    [{ ...limit, perMs: -1 }, 'perMs is a whole number above 0'],
    [{ ...limit, burst: Number.NaN }, 'burst is a whole number above 0'],
    [{ ...limit, destinations: ['topic/a'] }, "'topic/a' is not a destination pattern"],
    [{ ...limit, over: 'drop' as 'slow' }, "over is 'slow' or 'refuse', not 'drop'"],
    [{ ...limit, of: 'ACK' as 'SEND' }, "of is 'frames', 'bytes', 'SEND' or 'SUBSCRIBE', not 'ACK'"],
  ])('are refused by name: %o', (bad, message) => {
    expect(() => compileRateLimits([bad], syntax)).toThrow(message)
  })
})

describe('a function of the user', () => {
  it('gives each user limits of their own, which are made ready once', () => {
    const lists = { paying: [] as RateLimit[], others: [limit] }
    const rulesOf = compileRateLimits((user) => (user?.name === 'ada' ? lists.paying : lists.others), syntax)
    expect(rulesOf({ name: 'ada' })).toEqual([])
    expect(rulesOf({ name: 'bob' })).toHaveLength(1)
    expect(rulesOf(undefined)).toBe(rulesOf({ name: 'bob' }))
  })
})

describe('the meter', () => {
  it('refuses nothing that limits allow whose share of time is no whole number', () => {
    for (const startMs of [0, 0.1, 12_345.678, 1e9 + 1 / 3]) {
      const meter = new RateMeter(
        compileRateLimits([{ of: 'SEND', count: 7, perMs: 1_000, over: 'refuse' }], syntax)(undefined),
      )
      for (let i = 0; i < 7; i++) expect(meter.take(sendTo('/topic/a'), startMs)).toBeUndefined()
      expect(meter.take(sendTo('/topic/a'), startMs)).toBeDefined()
      for (let i = 0; i < 7; i++) expect(meter.take(sendTo('/topic/a'), startMs + 1_000)).toBeUndefined()
      expect(meter.take(sendTo('/topic/a'), startMs + 1_000)).toBeDefined()
    }
  })

  it('counts bytes as they are sent: a character may be several', () => {
    const limit: RateLimit = { of: 'bytes', count: 100, perMs: 1_000, over: 'refuse' }
    const meter = new RateMeter(compileRateLimits([limit], syntax)(undefined))
    // 11 for the name of the header, 40 times 3 and 7 for its value: 138.
    expect(meter.take(sendTo(`/topic/${'\u20ac'.repeat(40)}`), 0)).toBeUndefined()
    expect(meter.take(sendTo('/topic/a'), 0)?.retryAfterMs).toBe(390)
  })

  it('never refuses the renewal of credentials', () => {
    const meter = new RateMeter(
      compileRateLimits([{ of: 'frames', count: 1, perMs: 1_000, over: 'refuse' }], syntax)(undefined),
    )
    expect(meter.take(sendTo('/topic/a'), 0)).toBeUndefined()
    expect(meter.take(sendTo('/topic/a'), 0)).toBeDefined()
    expect(meter.take(sendTo('/session/renew'), 0)).toBeUndefined()
  })
})

describe('the limiter of a session', () => {
  it('tells when reading rests and when it goes on, and nothing once the session is over', () => {
    const clock = createFakeClock()
    const told: boolean[] = []
    const rules = compileRateLimits([{ of: 'SEND', count: 1, perMs: 1_000 }], syntax)(undefined)
    const limiter: RateLimiter = new RateLimiter(rules, { clock, wheel: createWheel(clock) }, () => {
      told.push(limiter.isResting)
    })
    limiter.take(sendTo('/topic/a'))
    clock.advance(999)
    expect(told).toEqual([true])
    clock.advance(101)
    expect(told).toEqual([true, false])
    limiter.take(sendTo('/topic/a'))
    limiter.end()
    clock.advance(5_000)
    expect(told).toEqual([true, false, true])
  })

  it.each([
    [20, 1_000, 1],
    [1, 50, 1],
    [100, 1_000, 2],
    [3, 1_000, 1],
    [2, 1_000, 5],
  ])('takes %i every %i ms of who always has more to send, also where the burst is %i', (count, perMs, burst) => {
    const clock = createFakeClock()
    const rules = compileRateLimits([{ of: 'SEND', count, perMs, burst }], syntax)(undefined)
    let taken = 0
    const read = (): void => {
      for (; !limiter.isResting; taken++) limiter.take(sendTo('/topic/a'))
    }
    const limiter: RateLimiter = new RateLimiter(rules, { clock, wheel: createWheel(clock) }, read)
    read()
    clock.advance(20_000)
    const most = burst + (20_000 * count) / perMs
    expect(taken).toBeLessThanOrEqual(most)
    expect(taken).toBeGreaterThan(0.9 * most)
    limiter.end()
  })

  it('tells nothing after a short rest, once the session is over', () => {
    const clock = createFakeClock()
    let told = 0
    const rules = compileRateLimits([{ of: 'SEND', count: 1, perMs: 20 }], syntax)(undefined)
    const limiter = new RateLimiter(rules, { clock, wheel: createWheel(clock) }, () => told++)
    limiter.take(sendTo('/topic/a'))
    limiter.end()
    clock.advance(1_000)
    expect(told).toBe(1)
  })
})

describe('callers without a session', () => {
  const start = (limits: readonly RateLimit[]) => {
    const clock = createFakeClock()
    const callers = new CallerRates({ clock, rulesOf: compileRateLimits(limits, syntax) })
    const isTaken = (name: string | undefined, address = '10.0.0.1') =>
      callers.take(sendTo('/topic/a'), name === undefined ? undefined : { name }, address) === undefined
    return { clock, callers, isTaken }
  }

  it('are counted by user wherever they come from, and by address without one; every limit refuses', () => {
    const { isTaken, clock } = start([limit])
    expect([isTaken('ada', '1'), isTaken('ada', '2'), isTaken('ada', '3')]).toEqual([true, true, false])
    expect([isTaken('bob', '1'), isTaken('bob', '1'), isTaken('bob', '1')]).toEqual([true, true, false])
    expect([isTaken(undefined, 'ada'), isTaken(undefined, 'ada'), isTaken(undefined, 'ada')]).toEqual([
      true,
      true,
      false,
    ])
    expect(isTaken(undefined, '5')).toBe(true)
    clock.advance(500)
    expect([isTaken('ada'), isTaken('ada')]).toEqual([true, false])
  })

  it('are forgotten once they have rested, so that their number has a bound', () => {
    const { isTaken, callers, clock } = start([limit])
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 100; j++) isTaken(undefined, `${i}.${j}`)
      clock.advance(1_000)
    }
    expect(callers.size).toBeLessThanOrEqual(1_024)
    // But none of those who still owe.
    for (let i = 0; i < 5_000; i++) expect([isTaken(`user ${i}`), isTaken(`user ${i}`)]).toEqual([true, true])
    for (let i = 0; i < 5_000; i++) expect(isTaken(`user ${i}`)).toBe(false)
  })

  it('have no limits where there are none, and nothing is remembered of them', () => {
    const { isTaken, callers } = start([])
    for (let i = 0; i < 10; i++) expect(isTaken('ada')).toBe(true)
    expect(callers.size).toBe(0)
  })
})
