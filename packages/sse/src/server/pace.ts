import type { LinkClock } from './clock.js'

/** So much of a rate may be used at once, in ms of it. */
const BURST_MS = 250

/** When one more may go, if the one before was due at `dueMs`: so many a second, a few of them at once. */
export function nextDueMs(dueMs: number, nowMs: number, perSecond: number): number {
  return Math.max(dueMs + 1000 / perSecond, nowMs - BURST_MS)
}

/** Resolves at this time; at once if it has come. */
export function until(timeMs: number, clock: LinkClock): Promise<void> | undefined {
  const waitMs = timeMs - clock.now()
  return waitMs <= 0 ? undefined : new Promise((resolve) => clock.after(waitMs, resolve))
}
