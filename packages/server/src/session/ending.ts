import type { Timer, Wheel } from '../clock/wheel.js'

/**
 * How one session ends: who waits for its connection to be gone, and what is done before, once all that is under way is
 * settled or has had its time. Made when the end is in sight: most sessions are far from it.
 */
export class Ending {
  readonly #waiting: (() => void)[] = []
  #last: (() => void) | undefined
  #timer: Timer | undefined
  #isGone = false

  /** Resolves when the connection is gone. */
  wait(): Promise<void> {
    if (this.#isGone) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** `last` is what the session does in the end: when `settled` is called, or at the latest in `patienceMs`. */
  begin(last: () => void, wheel: Wheel, patienceMs: number): void {
    this.#last = last
    this.#timer = wheel.after(patienceMs, () => this.settled())
  }

  /** Nothing is under way any more, or nobody waits for it any longer. */
  settled(): void {
    const last = this.#last
    this.cancel()
    last?.()
  }

  /** What was to be done is not done. */
  cancel(): void {
    this.#last = undefined
    this.#timer?.cancel()
  }

  /** The connection is gone. */
  gone(): void {
    this.#isGone = true
    for (const resolve of this.#waiting) resolve()
  }
}
