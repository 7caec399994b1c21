import type { Clock } from '../clock/clock.js'
import { everyChance, someTurns } from './patience.js'

/**
 * A clock that stands still until it is moved: give it to the plugin as option `clock`. Turns of the event loop stay
 * real: `soon` is not a matter of time.
 */
export interface FakeClock extends Clock {
  /** Moves time on by `ms`, and runs on the way what falls due, in order, all within this call: no promise settles. */
  advance(ms: number): void
  /**
   * Moves time on by `ms`, and runs on the way what falls due, in order. After each moment what it has set off gets ten
   * turns of the event loop, and at the end everything within the process every chance to settle. What waits for something
   * outside of it (a disk, a network) is not waited for.
   *
   * @throws RangeError where `ms` is no time; so do `advance` and `stall`
   */
  pass(ms: number): Promise<void>
  /** True while a `pass` is under way. */
  readonly isPassing: boolean
  /** Moves time on by `ms` as for a process that stood still: what fell due meanwhile runs once each, at the end. */
  stall(ms: number): void
  /** Calls `run` once, when `delayMs` have passed; the returned function makes sure that it does not happen. */
  after(delayMs: number, run: () => void): () => void
  /** Resolves when `ms` have passed: for a handler under test that takes its time. */
  sleep(ms: number): Promise<void>
}

/** How a fake clock begins. */
export interface FakeClockOptions {
  /** The time of day when the clock shows 0, in ms since the epoch. @default 2001-09-09T01:46:40Z */
  readonly epochMs?: number
}

interface Timer {
  /** Undefined: runs once. */
  readonly periodMs: number | undefined
  readonly run: () => void
  dueMs: number
}

/** What the time of day is when a fake clock shows 0: 2001-09-09T01:46:40Z. */
const FAKE_EPOCH_MS = 1_000_000_000_000

/** Makes a clock that shows 0. */
export function createFakeClock({ epochMs = FAKE_EPOCH_MS }: FakeClockOptions = {}): FakeClock {
  let nowMs = 0
  let passing = 0
  const timers = new Set<Timer>()
  const add = (timer: Timer): (() => void) => {
    timers.add(timer)
    return () => timers.delete(timer)
  }
  const run = (timer: Timer): void => {
    if (timer.periodMs === undefined) timers.delete(timer)
    else timer.dueMs = nowMs + timer.periodMs
    timer.run()
  }
  /** What falls due first, up to `endMs`; of several the one that was begun first. */
  const nextDue = (endMs: number): Timer | undefined => {
    let next: Timer | undefined
    for (const timer of timers) {
      if (timer.dueMs <= endMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer
    }
    return next
  }
  /** Runs what falls due first, at its time; false: there is nothing up to `endMs`. */
  const step = (endMs: number): boolean => {
    const next = nextDue(endMs)
    if (next === undefined) return false
    nowMs = Math.max(nowMs, next.dueMs)
    run(next)
    return true
  }
  const walk = async (endMs: number): Promise<void> => {
    for (;;) {
      if (step(endMs)) {
        // Those that fall due at the same moment run together.
        if (nextDue(nowMs) === undefined) await someTurns()
        continue
      }
      // What has happened may wait for a moment that is still on the way.
      await everyChance()
      if (nextDue(endMs) !== undefined) continue
      if (nowMs >= endMs) return
      nowMs = endMs
    }
  }
  const after: FakeClock['after'] = (delayMs, once) =>
    add({ periodMs: undefined, run: once, dueMs: nowMs + Math.max(delayMs, 0) })
  const endOf = (ms: number): number => {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError('time moves on by ms, 0 or more')
    return nowMs + ms
  }
  return {
    now: () => nowMs,
    epochMs: () => epochMs + nowMs,
    every: (periodMs, repeated) => add({ periodMs, run: repeated, dueMs: nowMs + periodMs }),
    after,
    sleep: (ms) => new Promise((resolve) => after(ms, resolve)),
    soon(soon) {
      setImmediate(soon)
    },
    advance(ms) {
      const endMs = endOf(ms)
      while (step(endMs));
      // What has run may have moved it further.
      nowMs = Math.max(nowMs, endMs)
    },
    get isPassing() {
      return passing > 0
    },
    async pass(ms) {
      const endMs = endOf(ms)
      passing++
      try {
        await everyChance()
        await walk(endMs)
      } finally {
        passing--
      }
    },
    stall(ms) {
      nowMs = endOf(ms)
      for (const timer of [...timers].filter(({ dueMs }) => dueMs <= nowMs)) {
        if (timers.has(timer)) run(timer)
      }
    },
  }
}
