import type { LinkClock } from './clock.js'

/** From when on the client is told how long its credentials last, in ms. */
const NOTICE_MS = 60_000

/** When the credentials of a link end. */
export class Expiry {
  readonly #atMs: number
  readonly #clock: LinkClock

  constructor(clock: LinkClock, inMs: number) {
    this.#atMs = clock.now() + inMs
    this.#clock = clock
  }

  /** What is left, in ms. */
  get leftMs(): number {
    return Math.max(0, Math.round(this.#atMs - this.#clock.now()))
  }

  /** What is left, in ms, once the client is to be told of it. */
  get noticeMs(): number | undefined {
    const leftMs = this.leftMs
    return leftMs > NOTICE_MS ? undefined : leftMs
  }
}

/** The expiry of credentials that last so long; undefined: for ever. */
export function expiryIn(clock: LinkClock, inMs: number | undefined): Expiry | undefined {
  return inMs === undefined ? undefined : new Expiry(clock, inMs)
}
