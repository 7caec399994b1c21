import { describe, expect, it } from 'vitest'
import { createWheel } from '../clock/wheel.js'
import { createFakeClock } from '../testing/fake-clock.js'
import { refuseExpired, watchExpiry } from './expiry.js'

/** A clock whose time of day can be set while its timers go on, as when a machine sleeps or is set right. */
function setUp() {
  const fake = createFakeClock()
  let skewMs = 0
  const clock = { ...fake, epochMs: () => fake.epochMs() + skewMs }
  const wheel = createWheel(clock)
  const endedAt: number[] = []
  const startMs = clock.epochMs()
  const watch = (inMs: number) =>
    watchExpiry(startMs + inMs, { clock, wheel }, () => endedAt.push(clock.epochMs() - startMs))
  return {
    ...{ fake, clock, endedAt, startMs, watch },
    skew(ms: number) {
      skewMs += ms
    },
  }
}

describe('credentials that end at what is no number', () => {
  it.each([
    ['a Date, which could be set later', new Date(8e15)],
    ['a BigInt', 10n ** 20n],
    ['a text', '9000000000000000'],
    ['null', null],
  ])('have ended: %s', (_title, endMs) => {
    const user = { name: 'ann', expiresAtMs: endMs as unknown as number }
    expect(() => refuseExpired(user, { epochMs: () => 0 })).toThrow('The credentials have ended')
  })
})

describe('the end of credentials', () => {
  it('is told once, at that time and at most a tick of the wheel later', () => {
    const { fake, watch, endedAt } = setUp()
    watch(95_050)
    fake.advance(95_049)
    expect(endedAt).toEqual([])
    fake.advance(600_000)
    expect(endedAt).toEqual([95_100])
  })

  it('is told in the next tick, not inside the call, where it has come already', () => {
    const { fake, watch, endedAt } = setUp()
    watch(-1)
    expect(endedAt).toEqual([])
    fake.advance(100)
    expect(endedAt).toEqual([100])
  })

  it('is not told of credentials that never end, or when nobody wants to know any more', () => {
    const { fake, clock, endedAt, watch } = setUp()
    const wheel = createWheel(clock)
    expect(watchExpiry(undefined, { clock, wheel }, () => endedAt.push(0))).toBeUndefined()
    expect(watchExpiry(Number.POSITIVE_INFINITY, { clock, wheel }, () => endedAt.push(0))).toBeUndefined()
    const timer = watch(100_000)
    fake.advance(70_000)
    timer?.cancel()
    fake.advance(100_000)
    expect(endedAt).toEqual([])
  })

  it('is found within half a minute when the machine has slept, which timers do not see', () => {
    const { fake, watch, endedAt, skew } = setUp()
    watch(8 * 3_600_000)
    fake.advance(10_000)
    skew(9 * 3_600_000)
    fake.advance(30_000)
    expect(endedAt).toHaveLength(1)
  })

  it('is put off when the time of day was set back', () => {
    const { fake, watch, endedAt, skew } = setUp()
    watch(20_000)
    skew(-3_600_000)
    fake.advance(3_600_000)
    expect(endedAt).toEqual([])
    fake.advance(20_100)
    expect(endedAt).toHaveLength(1)
  })

  it('may lie further ahead than a timer of Node can wait', () => {
    const { fake, watch, endedAt } = setUp()
    watch(2 ** 31 + 60_000)
    fake.advance(3_600_000)
    expect(endedAt).toEqual([])
    watch(1e17)
    fake.advance(3_600_000)
    expect(endedAt).toEqual([])
  })
})

describe('credentials that have ended', () => {
  it('are refused', () => {
    const { clock, startMs } = setUp()
    const refusal = (expiresAtMs: number) => () => refuseExpired({ name: 'alice', expiresAtMs }, clock)
    expect(refusal(startMs)).toThrow(expect.objectContaining({ code: 'STOMP_ERR_CREDENTIALS_EXPIRED' }))
    expect(refusal(startMs + 1)).not.toThrow()
    expect(refusal(Number.POSITIVE_INFINITY)).not.toThrow()
    expect(() => refuseExpired({ name: 'alice' }, clock)).not.toThrow()
    expect(() => refuseExpired(undefined, clock)).not.toThrow()
  })

  it('are refused where their end is no time, and the log is told why', () => {
    const { clock } = setUp()
    const refuse = (): void => refuseExpired({ name: 'alice', expiresAtMs: Number.NaN }, clock)
    const cause = expect.objectContaining({ message: expect.stringContaining('expiresAtMs is NaN') })
    expect(refuse).toThrow(expect.objectContaining({ code: 'STOMP_ERR_CREDENTIALS_EXPIRED', cause }))
  })
})
