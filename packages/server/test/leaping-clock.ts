import { type Clock, systemClock } from '../src/clock/clock.js'

/** The machine's own time, which a test may let leap forward: for what waits on real sockets beside. */
export interface LeapingClock extends Clock {
  leap(ms: number): void
}

/** Makes one that has not leapt yet. */
export function createLeapingClock(): LeapingClock {
  let aheadMs = 0
  return {
    ...systemClock,
    now: () => systemClock.now() + aheadMs,
    epochMs: () => systemClock.epochMs() + aheadMs,
    leap(ms) {
      aheadMs += ms
    },
  }
}
