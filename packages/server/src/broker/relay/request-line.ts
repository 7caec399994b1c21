import type { Settled } from '../broker.js'

/** A request that waits for others of its channel. */
interface Waiting {
  readonly isBarrier: boolean
  readonly run: () => void
}

/**
 * The order of one channel: a barrier (SUBSCRIBE, UNSUBSCRIBE) waits for all that came before, and all that comes behind
 * waits for it; other requests take effect at once, one after the other.
 */
export class RequestLine {
  /** Requests that have begun and not settled. */
  #underWay = 0
  /** A barrier is under way. */
  #isBarred = false
  readonly #waiting: Waiting[] = []

  /** Runs `act` when it is its turn; at once, if nobody waits. What it throws is thrown, or rejects. */
  run(isBarrier: boolean, act: () => Settled): Settled {
    if (this.#waiting.length === 0 && this.#mayBegin(isBarrier)) return this.#follow(isBarrier, act())
    return new Promise((resolve, reject) => {
      const run = (): void => {
        try {
          const settled = act()
          // First: who asked is told before what waits for this begins, and perhaps settles at once.
          if (settled === undefined) resolve()
          else settled.then(resolve, reject)
          this.#follow(isBarrier, settled)
        } catch (error) {
          reject(error)
        }
      }
      this.#waiting.push({ isBarrier, run })
    })
  }

  #mayBegin(isBarrier: boolean): boolean {
    return !this.#isBarred && !(isBarrier && this.#underWay > 0)
  }

  #follow(isBarrier: boolean, settled: Settled): Settled {
    if (settled === undefined) return undefined
    this.#underWay++
    if (isBarrier) this.#isBarred = true
    const passed = (): void => {
      this.#underWay--
      if (isBarrier) this.#isBarred = false
      this.#next()
    }
    settled.then(passed, passed)
    return settled
  }

  #next(): void {
    for (;;) {
      const [next] = this.#waiting
      if (next === undefined || !this.#mayBegin(next.isBarrier)) return
      this.#waiting.shift()
      next.run()
    }
  }
}
