/** How long an answer takes: what judges silence. */
export interface RoundTrip {
  ms(): number | undefined
  took(ms: number): void
  /** 4 round trips, but at least `leastMs`. */
  patience(leastMs: number): number
  /** In how long a new carrier must be proved: 3 round trips and a second, within 2 and 5 s. */
  proofMs(): number
}

export function createRoundTrip(): RoundTrip {
  let known: number | undefined
  return {
    ms: () => known,
    took(ms) {
      // Falls at once and rises slowly, since answers may be held back.
      known = known === undefined || ms < known ? ms : known + (ms - known) / 8
    },
    patience: (leastMs) => Math.max(leastMs, 4 * (known ?? 0)),
    proofMs: () => Math.min(5_000, Math.max(2_000, 3 * (known ?? 2_000) + 1_000)),
  }
}
