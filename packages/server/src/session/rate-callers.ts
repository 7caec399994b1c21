import type { Frame } from '@hoofbeat/codec'
import type { Clock } from '../clock/clock.js'
import type { StompError } from '../errors.js'
import type { User } from '../hooks/user.js'
import type { RateRule } from './rate-limit.js'
import { RateMeter } from './rate-meter.js'

/** What they are made of. */
export interface CallerRatesParts {
  readonly clock: Clock
  readonly rulesOf: (user: User | undefined) => readonly RateRule[]
}

/** From so many on those are looked for who have rested long enough to be forgotten. */
const LEAST_SWEEP = 1_024

/**
 * Holds those to the limits who send without a session: all that one user sends counts together, and all that comes from
 * one address without a user. There is no reading that could rest, so every limit refuses.
 */
export class CallerRates {
  readonly #parts: CallerRatesParts
  readonly #meters = new Map<string, RateMeter>()
  #sweepAt = LEAST_SWEEP

  constructor(parts: CallerRatesParts) {
    this.#parts = parts
  }

  /** How many are remembered. */
  get size(): number {
    return this.#meters.size
  }

  /** Counts a frame. Returns the refusal, if it is refused. */
  take(frame: Frame, user: User | undefined, address: string): StompError | undefined {
    const rules = this.#parts.rulesOf(user)
    if (rules.length === 0) return undefined
    const nowMs = this.#parts.clock.now()
    // A user name has no control character.
    const key = user === undefined ? `\0${address}` : user.name
    let meter = this.#meters.get(key)
    // Who has rested begins anew: under the limits that are theirs by now.
    if (meter === undefined || meter.isFull(nowMs)) {
      meter = new RateMeter(rules)
      this.#remember(key, meter, nowMs)
    }
    return meter.take(frame, nowMs, true)
  }

  #remember(key: string, meter: RateMeter, nowMs: number): void {
    this.#meters.set(key, meter)
    if (this.#meters.size < this.#sweepAt) return
    for (const [each, known] of this.#meters) if (known !== meter && known.isFull(nowMs)) this.#meters.delete(each)
    // Twice what is left: so a sweep costs each of those who were added since little.
    this.#sweepAt = Math.max(LEAST_SWEEP, 2 * this.#meters.size)
  }
}
