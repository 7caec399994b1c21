import type { Latency } from './figures.js'

/** Later than this a stored message is not written because the server is slow, but because nobody was there to read it. */
const MAX_AGE_MS = 10_000

/** So many readers of a message are all looked at; of those beyond, each sixteenth. */
const ALL_READERS = 4
const EACH_OF_MANY = 16

/** A message that is followed. */
interface Sample {
  readonly message: object
  readonly sinceMs: number
  /** How many have been given it. */
  readers: number
}

/**
 * Follows the first message that is published in each turn of the event loop until its readers' connections were given
 * it; and beside it one that must be stored first, from then until it was given out, or is ten seconds old. `observe` is
 * told the seconds for each reader; where there are many, for some of them, spread over all.
 */
export function createLatency(
  clock: { now(): number; soon(run: () => void): void },
  observe: (seconds: number) => void,
): Latency {
  return new SampledLatency(clock, observe)
}

class SampledLatency implements Latency {
  readonly #clock: { now(): number; soon(run: () => void): void }
  readonly #observe: (seconds: number) => void
  #direct: Sample | undefined
  #stored: Sample | undefined
  /** Since when each reader is owed a message that is followed. */
  readonly #owed = new Map<object, number>()

  constructor(clock: { now(): number; soon(run: () => void): void }, observe: (seconds: number) => void) {
    this.#clock = clock
    this.#observe = observe
  }

  published(message: object, isStored: boolean): void {
    if (isStored) {
      const sinceMs = this.#clock.now()
      if (this.#stored === undefined || this.#stored.sinceMs + MAX_AGE_MS < sinceMs)
        this.#stored = { message, sinceMs, readers: 0 }
      return
    }
    if (this.#direct !== undefined) return
    this.#direct = { message, sinceMs: this.#clock.now(), readers: 0 }
    this.#clock.soon(() => {
      this.#direct = undefined
    })
  }

  owed(message: object, reader: object): void {
    const sample = this.#sampleOf(message)
    if (sample === undefined) return
    const index = sample.readers++
    if (index >= ALL_READERS && index % EACH_OF_MANY !== 0) return
    // The first of several that wait for one reader.
    if (!this.#owed.has(reader)) this.#owed.set(reader, sample.sinceMs)
  }

  written(reader: object): void {
    if (this.#owed.size === 0) return
    const sinceMs = this.#owed.get(reader)
    if (sinceMs === undefined) return
    this.#owed.delete(reader)
    this.#observe((this.#clock.now() - sinceMs) / 1_000)
  }

  gone(reader: object): void {
    this.#owed.delete(reader)
  }

  #sampleOf(message: object): Sample | undefined {
    if (message === this.#direct?.message) return this.#direct
    const stored = this.#stored
    if (message !== stored?.message) return undefined
    if (stored.readers > 0) return stored
    if (this.#clock.now() - stored.sinceMs > MAX_AGE_MS) {
      this.#stored = undefined
      return undefined
    }
    // All who are given it now are given it in this turn.
    this.#clock.soon(() => {
      if (this.#stored === stored) this.#stored = undefined
    })
    return stored
  }
}
