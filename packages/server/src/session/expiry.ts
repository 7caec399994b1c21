import type { Clock } from '../clock/clock.js'
import type { Timer, Wheel } from '../clock/wheel.js'
import { StompError } from '../errors.js'
import { hasExpired, type User } from '../hooks/user.js'

/** What the end of credentials is seen by. */
export interface ExpiryParts {
  readonly clock: Pick<Clock, 'epochMs'>
  readonly wheel: Pick<Wheel, 'after'>
}

/**
 * The longest wait between two looks at the time of day, in ms. It may be set while a timer waits, and moves on while the
 * machine sleeps, which timers do not see: credentials then end this much late at the most.
 */
const LOOK_EVERY_MS = 30_000

/** Throws the refusal of a user whose credentials have ended. */
export function refuseExpired(user: User | undefined, clock: Pick<Clock, 'epochMs'>): void {
  if (!hasExpired(user, clock.epochMs())) return
  const endMs: unknown = user?.expiresAtMs
  const isTime = typeof endMs === 'number' && !Number.isNaN(endMs)
  const cause = isTime ? undefined : new TypeError(`expiresAtMs is ${endMs}: give ms since the epoch, or leave it out`)
  throw new StompError('STOMP_ERR_CREDENTIALS_EXPIRED', { cause })
}

/** Calls `ended` once, when it is `endMs` by the time of day; never inside this call. Undefined: they never end. */
export function watchExpiry(endMs: number | undefined, parts: ExpiryParts, ended: () => void): Timer | undefined {
  return endMs === undefined || endMs === Number.POSITIVE_INFINITY ? undefined : new ExpiryWatch(endMs, parts, ended)
}

class ExpiryWatch implements Timer {
  readonly #endMs: number
  readonly #parts: ExpiryParts
  readonly #ended: () => void
  #timer: Timer

  constructor(endMs: number, parts: ExpiryParts, ended: () => void) {
    this.#endMs = endMs
    this.#parts = parts
    this.#ended = ended
    this.#timer = this.#wait()
  }

  cancel(): void {
    this.#timer.cancel()
  }

  #wait(): Timer {
    const { clock, wheel } = this.#parts
    return wheel.after(Math.min(this.#endMs - clock.epochMs(), LOOK_EVERY_MS), () => this.#look())
  }

  #look(): void {
    if (this.#parts.clock.epochMs() >= this.#endMs) this.#ended()
    else this.#timer = this.#wait()
  }
}
