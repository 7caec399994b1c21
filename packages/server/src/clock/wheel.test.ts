import { describe, expect, it } from 'vitest'
import { createFakeClock, type FakeClock } from '../testing/fake-clock.js'
import { createWheel, type Timer, type Wheel } from './wheel.js'

const TICK_MS = 100

/** A fake clock that tells how many intervals run on it. */
function countingClock(): FakeClock & { readonly intervals: { running: number; started: number } } {
  const clock = createFakeClock()
  const intervals = { running: 0, started: 0 }
  return {
    ...clock,
    intervals,
    every(periodMs, run) {
      intervals.running++
      intervals.started++
      const stop = clock.every(periodMs, run)
      return () => {
        intervals.running--
        stop()
      }
    },
  }
}

function setUp(slotCount?: number) {
  const clock = countingClock()
  const wheel = createWheel(clock, TICK_MS, slotCount)
  const firedAt: number[] = []
  const note = (): void => {
    firedAt.push(clock.now())
  }
  return { clock, wheel, firedAt, note }
}

describe('the timer wheel', () => {
  it('fires not before the delay is over, and at most one tick after', () => {
    const { clock, wheel, firedAt, note } = setUp()
    wheel.after(250, note)
    clock.advance(249)
    expect(firedAt).toEqual([])
    clock.advance(1 + TICK_MS)
    expect(firedAt).toEqual([300])
  })

  it('keeps to one tick although the interval began between two multiples of it', () => {
    const { clock, wheel, firedAt, note } = setUp()
    clock.advance(50)
    wheel.after(60, note)
    clock.advance(60 + TICK_MS)
    expect(firedAt).toEqual([150])
  })

  it('fires what is due at once in the next tick, not inside the call', () => {
    const { clock, wheel, firedAt, note } = setUp()
    wheel.after(0, note)
    wheel.after(-5, note)
    expect(firedAt).toEqual([])
    clock.advance(TICK_MS)
    expect(firedAt).toEqual([TICK_MS, TICK_MS])
  })

  it('fires once', () => {
    const { clock, wheel, firedAt, note } = setUp()
    wheel.after(100, note)
    wheel.after(100_000, () => {})
    clock.advance(90_000)
    expect(firedAt).toHaveLength(1)
  })

  it('waits through more rounds than it has slots', () => {
    const { clock, wheel, firedAt, note } = setUp(4)
    wheel.after(1_230, note)
    clock.advance(5_000)
    expect(firedAt).toEqual([1_300])
  })

  it('does not fire what was cancelled, and takes a second cancel, or one that comes too late', () => {
    const { clock, wheel, firedAt, note } = setUp()
    const cancelled = wheel.after(100, note)
    const fired = wheel.after(200, note)
    cancelled.cancel()
    cancelled.cancel()
    clock.advance(300)
    fired.cancel()
    wheel.after(100, note)
    clock.advance(200)
    expect(firedAt).toEqual([200, 400])
  })

  it('lets one timer cancel another that is due in the same tick', () => {
    const { clock, wheel, firedAt, note } = setUp()
    let second: Timer | undefined
    wheel.after(100, () => {
      note()
      second?.cancel()
    })
    second = wheel.after(100, note)
    clock.advance(500)
    expect(firedAt).toEqual([100])
  })

  it('lets a timer arm itself again, at each tick at the most', () => {
    const { clock, wheel, firedAt, note } = setUp()
    const again = (): void => {
      note()
      wheel.after(0, again)
    }
    wheel.after(0, again)
    clock.advance(350)
    expect(firedAt).toEqual([100, 200, 300])
  })

  it('runs one interval for all timers, and none once nothing waits', () => {
    const { clock, wheel } = setUp()
    expect(clock.intervals.running).toBe(0)
    const timers = Array.from({ length: 10 }, (_, i) => wheel.after(100 * i, () => {}))
    expect(clock.intervals).toEqual({ running: 1, started: 1 })
    clock.advance(500)
    for (const timer of timers) timer.cancel()
    clock.advance(TICK_MS)
    expect(clock.intervals.running).toBe(0)
    wheel.after(100, () => {})
    expect(clock.intervals).toEqual({ running: 1, started: 2 })
    clock.advance(TICK_MS)
    expect(clock.intervals.running).toBe(0)
  })

  it('keeps its interval while a lone timer arms itself again and again', () => {
    const { clock, wheel } = setUp()
    const again = (): void => {
      wheel.after(300, again)
    }
    again()
    clock.advance(10_000)
    expect(clock.intervals).toEqual({ running: 1, started: 1 })
  })

  it('forgets everything when stopped, even from inside a timer, and can be used again', () => {
    const { clock, wheel, firedAt, note } = setUp()
    wheel.after(100, () => wheel.stop())
    wheel.after(100, note)
    wheel.after(500, note)
    clock.advance(1_000)
    expect(firedAt).toEqual([])
    expect(clock.intervals.running).toBe(0)
    wheel.after(100, note)
    clock.advance(200)
    expect(firedAt).toEqual([1_100])
  })

  it('fires all that fell due while the process stood still, each once', () => {
    const { clock, wheel, firedAt, note } = setUp(8)
    for (const delayMs of [100, 350, 790, 5_000, 59_999]) wheel.after(delayMs, note)
    wheel.after(60_101, note)
    clock.stall(60_000)
    expect(firedAt).toEqual([60_000, 60_000, 60_000, 60_000, 60_000])
    clock.advance(200)
    expect(firedAt).toHaveLength(6)
    expect(firedAt[5]).toBe(60_200)
  })

  it('fires thousands of timers, each in its own time, with some of them cancelled', () => {
    const { clock, wheel } = setUp(64)
    const late: number[] = []
    const timers: Timer[] = []
    for (let i = 0; i < 5_000; i++) {
      const dueMs = (i * 7_919) % 30_000
      timers.push(wheel.after(dueMs, () => late.push(clock.now() - dueMs)))
    }
    for (let i = 0; i < timers.length; i += 5) timers[i]?.cancel()
    clock.advance(30_000 + TICK_MS)
    expect(late).toHaveLength(4_000)
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...late)).toBeLessThanOrEqual(TICK_MS)
  })

  it('does not lose the other due timers when one throws', () => {
    const { clock, wheel, firedAt, note } = setUp()
    wheel.after(100, () => {
      throw new Error('thrown by a timer')
    })
    wheel.after(100, note)
    expect(() => clock.advance(100)).toThrow('thrown by a timer')
    clock.advance(100)
    expect(firedAt).toEqual([200])
  })

  it('names the reason when it is made without slots', () => {
    const wheel: Wheel = createWheel(createFakeClock(), TICK_MS, 0)
    expect(() => wheel.after(1, () => {})).toThrow('at least one slot')
  })
})
