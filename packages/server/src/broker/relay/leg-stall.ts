import type { Timer, Wheel } from '../../clock/wheel.js'

/** What a leg's stall is seen by. */
export interface LegStallParts {
  readonly wheel: Wheel
  /** How many RECEIPTs the broker owes, and how many it has sent so far. */
  readonly look: () => { readonly owed: number; readonly answered: number }
  readonly afterMs: number
  /** Told of each change. */
  readonly changed: ((isStalled: boolean) => void) | undefined
}

/**
 * Sees that a broker lives, and answers nothing: RabbitMQ takes nothing in while its memory or disk is short. What was
 * written waits on, for it may have happened; but whoever looks on is told. Seen after one to two times `afterMs`.
 */
export class LegStall {
  readonly #parts: LegStallParts
  #timer: Timer | undefined
  #isStalled = false

  constructor(parts: LegStallParts) {
    this.#parts = parts
  }

  /** Begins to look. */
  watch(): void {
    const { wheel, look, afterMs } = this.#parts
    const before = look()
    this.#timer?.cancel()
    this.#timer = wheel.after(afterMs, () => {
      const now = look()
      if (before.owed > 0 && now.owed > 0 && now.answered === before.answered) this.#change(true)
      this.watch()
    })
  }

  /** The broker has answered. */
  answered(): void {
    this.#change(false)
  }

  /** The connection is gone. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#change(false)
  }

  #change(isStalled: boolean): void {
    if (this.#isStalled === isStalled) return
    this.#isStalled = isStalled
    this.#parts.changed?.(isStalled)
  }
}
