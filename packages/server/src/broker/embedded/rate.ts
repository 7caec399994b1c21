/** How often something happens: events per second, averaged over about a minute, older ones counting ever less. */
export interface Rate {
  /** `atMs`: the time, where it is known already. */
  count(events?: number, atMs?: number): void
  perSecond(): number
}

const SPAN_MS = 60_000
/** What happens within one of these is taken as spread over it. */
const STEP_MS = 1_000

/** Makes a rate of 0; `nowMs` is monotonic. As with a load average, it takes a minute or two to reach a new level. */
export function createRate(nowMs: () => number): Rate {
  return new AveragedRate(nowMs)
}

class AveragedRate implements Rate {
  readonly #nowMs: () => number
  #fresh = 0
  #average = 0
  #sinceMs: number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#sinceMs = nowMs()
  }

  count(events = 1, atMs: number = this.#nowMs()): void {
    if (atMs - this.#sinceMs >= STEP_MS) this.#settle(atMs)
    this.#fresh += events
  }

  perSecond(): number {
    const nowMs = this.#nowMs()
    if (nowMs - this.#sinceMs >= STEP_MS) this.#settle(nowMs)
    return this.#average
  }

  #settle(nowMs: number): void {
    const elapsedMs = nowMs - this.#sinceMs
    // All that is fresh happened in the first step; nothing since, or it would have been settled then.
    const weight = Math.exp(-STEP_MS / SPAN_MS)
    this.#average = this.#average * weight + (this.#fresh / (STEP_MS / 1_000)) * (1 - weight)
    this.#average *= Math.exp(-(elapsedMs - STEP_MS) / SPAN_MS)
    this.#fresh = 0
    this.#sinceMs += elapsedMs
  }
}
