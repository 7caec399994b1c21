import type { LinkClock } from '../clock.js'

/** A clock that stands still until it is moved. */
export interface FakeLinkClock extends LinkClock {
  /** How many timers wait. */
  readonly waiting: number
  /** Moves on, runs on the way what falls due, and lets promises settle after each. */
  advance(ms: number): Promise<void>
  /** Moves on as for a process that stood still: what fell due meanwhile runs at the end. */
  stall(ms: number): Promise<void>
}

interface Waiting {
  readonly dueMs: number
  readonly run: () => void
}

/** Makes a clock that shows 1000. */
export function createFakeLinkClock(): FakeLinkClock {
  let nowMs = 1000
  const timers = new Set<Waiting>()
  const first = (untilMs: number): Waiting | undefined => {
    let found: Waiting | undefined
    for (const timer of timers)
      if (timer.dueMs <= untilMs && (found === undefined || timer.dueMs < found.dueMs)) found = timer
    return found
  }
  const runUntil = async (endMs: number): Promise<void> => {
    await settled()
    for (let timer = first(endMs); timer !== undefined; timer = first(endMs)) {
      timers.delete(timer)
      nowMs = Math.max(nowMs, timer.dueMs)
      timer.run()
      await settled()
    }
    nowMs = endMs
  }
  return {
    now: () => nowMs,
    after(delayMs, run) {
      const timer = { dueMs: nowMs + Math.max(0, delayMs), run }
      timers.add(timer)
      return { cancel: () => timers.delete(timer) }
    },
    get waiting() {
      return timers.size
    },
    advance: (ms) => runUntil(nowMs + ms),
    async stall(ms) {
      nowMs += ms
      await runUntil(nowMs)
    },
  }
}

/** Resolves when no promise of this turn has anything left to do. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
