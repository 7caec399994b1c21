import type { Observe } from '../../observe/events.js'
import type { Dial, Dialling } from './dialer.js'

/**
 * Whether the broker can be reached, as the leg `shared` knows it, and answers, as all legs of the node know. Other legs are dialled when that is up, with all its
 * subscriptions: so what has waited for the broker is not sent before this node hears it.
 */
export class Availability {
  readonly #observe: Observe
  #isUp = false
  #stalledLegs = 0
  #isTold = false
  #isOver = false
  readonly #waiting = new Set<() => void>()

  constructor(observe: Observe) {
    this.#observe = observe
  }

  /** The leg has told it. */
  changed(isUp: boolean): void {
    this.#isUp = isUp
    this.#tell()
    if (!isUp) return
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const begin of waiting) begin()
  }

  /** The broker can be reached, and answers. */
  get isAvailable(): boolean {
    return this.#isUp && this.#stalledLegs === 0
  }

  /** The broker has stopped to answer one more leg, or goes on with it. */
  stallChanged(isStalled: boolean): void {
    this.#stalledLegs += isStalled ? 1 : -1
    this.#tell()
  }

  /** The relay ends by itself: nothing is told any more. */
  end(): void {
    this.#isOver = true
  }

  #tell(): void {
    const { isAvailable } = this
    if (this.#isOver || this.#isTold === isAvailable) return
    this.#isTold = isAvailable
    this.#observe({ type: 'broker-availability', isAvailable })
  }

  /** Dials as `dial` does, but not before the leg is up. `soon`: behind the present turn. */
  behind(dial: Dial, soon: (run: () => void) => void): Dial {
    return (address, listener) => {
      let dialling: Dialling | undefined
      let isCancelled = false
      const begin = (): void => {
        if (isCancelled) return
        if (this.#isUp) dialling = dial(address, listener)
        else this.#waiting.add(begin)
      }
      // Connections that break together are told one after the other.
      soon(begin)
      return {
        cancel: () => {
          isCancelled = true
          this.#waiting.delete(begin)
          dialling?.cancel()
        },
      }
    }
  }
}
