import type { Clock } from '../clock/clock.js'

/** A clock that stands still until it is moved. Turns of the event loop stay real: `soon` is not a matter of time. */
export interface FakeClock extends Clock {
  /** Moves time on by `ms`, and runs on the way what falls due, in order. */
  advance(ms: number): void
  /** Moves time on by `ms` as for a process that stood still: what fell due meanwhile runs once each, at the end. */
  stall(ms: number): void
}

interface Interval {
  readonly periodMs: number
  readonly run: () => void
  dueMs: number
}

/** What the time of day is when a fake clock shows 0: 2001-09-09T01:46:40Z. */
const FAKE_EPOCH_MS = 1_000_000_000_000

/** Makes a clock that shows 0. */
export function createFakeClock(): FakeClock {
  let nowMs = 0
  const intervals = new Set<Interval>()
  return {
    now: () => nowMs,
    epochMs: () => FAKE_EPOCH_MS + nowMs,
    every(periodMs, run) {
      const interval = { periodMs, run, dueMs: nowMs + periodMs }
      intervals.add(interval)
      return () => intervals.delete(interval)
    },
    soon(run) {
      setImmediate(run)
    },
    advance(ms) {
      const endMs = nowMs + ms
      for (;;) {
        let next: Interval | undefined
        for (const interval of intervals) {
          if (interval.dueMs <= endMs && (next === undefined || interval.dueMs < next.dueMs)) next = interval
        }
        if (next === undefined) break
        nowMs = next.dueMs
        next.dueMs += next.periodMs
        next.run()
      }
      nowMs = endMs
    },
    stall(ms) {
      nowMs += ms
      for (const interval of [...intervals].filter(({ dueMs }) => dueMs <= nowMs)) {
        interval.dueMs = nowMs + interval.periodMs
        if (intervals.has(interval)) interval.run()
      }
    },
  }
}
