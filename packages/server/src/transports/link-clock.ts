import { type LinkClock, systemClock as linkSystemClock } from '@hoofbeat/sse'

/** As much as a link's clock needs of the server's. */
export interface ClockParts {
  readonly now: () => number
  /** The shared wheel, and how late it may be. */
  readonly wheel: { readonly tickMs: number; after(delayMs: number, run: () => void): { cancel(): void } }
  /** Times are in a test's hands: everything waits on the wheel. */
  readonly isFake: boolean
}

/** Delays shorter than so many ticks of the wheel are worth a timer of their own. */
const FINE_TICKS = 5

/**
 * The time of links: long deadlines wait on the shared wheel; the short ones that pace replies have timers of the
 * machine, since a tick of the wheel would be felt.
 */
export function createLinkClock({ now, wheel, isFake }: ClockParts): LinkClock {
  const fineMs = isFake ? 0 : FINE_TICKS * wheel.tickMs
  return {
    now,
    after: (delayMs, run) => (delayMs < fineMs ? linkSystemClock.after(delayMs, run) : wheel.after(delayMs, run)),
  }
}
