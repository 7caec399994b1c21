import type { Frame } from '@hoofbeat/codec'
import type { Clock } from '../clock/clock.js'
import type { Timer, Wheel } from '../clock/wheel.js'
import type { StompError } from '../errors.js'
import type { RateRule } from './rate-limit.js'
import { RateMeter } from './rate-meter.js'

/** Whose time it is. */
export interface RateLimiterParts {
  readonly clock: Clock
  readonly wheel: Wheel
}

/**
 * Rests shorter than so many ticks of the wheel have a timer of their own: what comes back while the wheel is late is lost
 * to a bucket that holds little.
 */
const FINE_TICKS = 10

/** Holds one session to its limits. A timer runs only while reading rests, so while no frame comes. */
export class RateLimiter {
  readonly #meter: RateMeter
  readonly #parts: RateLimiterParts
  readonly #changed: () => void
  #timer: Timer | undefined

  /** `changed` is told whenever `isResting` has changed. */
  constructor(rules: readonly RateRule[], parts: RateLimiterParts, changed: () => void) {
    this.#meter = new RateMeter(rules)
    this.#parts = parts
    this.#changed = changed
  }

  /** Nothing more is to be read for now. */
  get isResting(): boolean {
    return this.#timer !== undefined
  }

  /** Counts a frame, and lets reading rest if there is no room for another. Returns the refusal, if it is refused. */
  take(frame: Frame): StompError | undefined {
    const nowMs = this.#parts.clock.now()
    const refusal = this.#meter.take(frame, nowMs)
    const restMs = this.#meter.restMs(nowMs)
    if (restMs > 0 && this.#timer === undefined) {
      this.#timer = this.#restFor(restMs)
      this.#changed()
    }
    return refusal
  }

  /** The session is over. */
  end(): void {
    this.#timer?.cancel()
  }

  #restFor(restMs: number): Timer {
    const { clock, wheel } = this.#parts
    if (restMs >= FINE_TICKS * wheel.tickMs) return wheel.after(restMs, this.#rested)
    const stop = clock.every(Math.ceil(restMs), () => {
      stop()
      this.#rested()
    })
    return { cancel: stop }
  }

  readonly #rested = (): void => {
    this.#timer = undefined
    this.#changed()
  }
}
