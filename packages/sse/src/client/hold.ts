const LEAST_MS = 1_000

/** How long polls are held: less where an intermediary cuts them. */
export interface Hold {
  ms(): number
  /** What the server allows, in a network of which nothing is known. */
  allow(ms: number): void
  /** A held poll was cut after so long. */
  cut(afterMs: number): void
}

export function createHold(): Hold {
  let holdMs = 0
  let cutAt = 0
  return {
    ms: () => holdMs,
    allow(ms) {
      holdMs = ms
      cutAt = 0
    },
    cut(afterMs) {
      const isLimit = afterMs >= LEAST_MS && Math.abs(afterMs - cutAt) <= afterMs / 4
      // One cut may be the network; two after the same time are a limit.
      if (isLimit) holdMs = Math.min(holdMs, Math.round(Math.max(LEAST_MS, 0.7 * Math.min(afterMs, cutAt))))
      cutAt = isLimit ? 0 : afterMs
    },
  }
}
