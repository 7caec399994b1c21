import type { LinkClock } from './clock.js'

/** Addresses that are remembered at most; beyond it the oldest are forgotten. */
const MAX_ADDRESSES = 100_000

/** Opens and upgrades of each address: so many a second, with a burst. */
export class OpenRates {
  readonly #clock: LinkClock
  readonly #perSecond: number
  readonly #burstMs: number
  /** When the next one of an address is due, were they evenly spread; oldest use first. */
  readonly #due = new Map<string, number>()

  constructor(clock: LinkClock, perSecond: number, burst: number) {
    this.#clock = clock
    this.#perSecond = perSecond
    this.#burstMs = (burst * 1000) / perSecond
  }

  /** Counts one. Returns 0, or after how many ms it may come again, and then it is not counted. */
  take(address: string): number {
    const nowMs = this.#clock.now()
    const dueMs = Math.max(this.#due.get(address) ?? 0, nowMs) + 1000 / this.#perSecond
    const excessMs = dueMs - nowMs - this.#burstMs
    if (excessMs > 0) return Math.ceil(excessMs)
    this.#due.delete(address)
    this.#due.set(address, dueMs)
    if (this.#due.size > MAX_ADDRESSES) this.#forgetOldest()
    return 0
  }

  /** Forgets addresses that have their whole burst again. Returns how many are left. */
  sweep(): number {
    const nowMs = this.#clock.now()
    for (const [address, dueMs] of this.#due) if (dueMs <= nowMs) this.#due.delete(address)
    return this.#due.size
  }

  #forgetOldest(): void {
    for (const address of this.#due.keys()) {
      this.#due.delete(address)
      return
    }
  }
}
