import type { Leg } from './leg.js'

/** A few legs that sessions share; each session keeps its own for life, so that its frames stay in order. */
export class LegPool {
  readonly legs: readonly Leg[]
  readonly #sessions: number[]

  /** @param legs at least one */
  constructor(legs: readonly Leg[]) {
    this.legs = legs
    this.#sessions = legs.map(() => 0)
  }

  /** The leg with the fewest sessions, and how to give it back: once. */
  take(): { readonly leg: Leg; readonly giveBack: () => void } {
    let least = 0
    for (let i = 1; i < this.#sessions.length; i++) {
      if ((this.#sessions[i] ?? 0) < (this.#sessions[least] ?? 0)) least = i
    }
    const leg = this.legs[least]
    if (leg === undefined) throw new RangeError('A pool has at least one leg')
    const add = (count: number): void => {
      this.#sessions[least] = (this.#sessions[least] ?? 0) + count
    }
    add(1)
    return { leg, giveBack: () => add(-1) }
  }
}
