/** The one source of chance of a run: the same seed gives the same run. */
export interface Chance {
  /** At least 0, below 1. */
  next(): number
  /** A whole number, at least 0, below `end`. */
  below(end: number): number
  /** A whole number from `low` to `high`, both possible. */
  between(low: number, high: number): number
  is(probability: number): boolean
  pick<T>(things: readonly [T, ...T[]]): T
  /** A source of its own, so that what one part asks for does not shift what another gets. */
  fork(): Chance
}

/** Mulberry32: small, and even enough for schedules. */
export function createChance(seed: number): Chance {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const below = (end: number): number => Math.floor(next() * end)
  return {
    next,
    below,
    between: (low, high) => low + below(high - low + 1),
    is: (probability) => next() < probability,
    pick: (things) => things[below(things.length)] ?? things[0],
    fork: () => createChance(Math.floor(next() * 4294967296)),
  }
}
