import type { Settled } from '../broker.js'

/** What is to happen, and what happens instead if it may not. Neither must throw. */
export interface Effect {
  apply(): void
  undo(): void
}

/** Who wants to know when an effect that had to wait is over, whether it was refused or not. */
export interface PassListener {
  passed(): void
}

/**
 * Keeps the order of each destination where some publications must first be stored and others need not: one that waits
 * holds up whatever comes later for a destination of its own, and nothing else.
 */
export interface Gates {
  /**
   * Applies `effect` at once if nothing is `pending` and none of its destinations is held up. Otherwise gives a promise
   * that is settled as `pending` is, when it is this effect's turn; the effect follows in a later turn of the event loop,
   * so that whoever waits for the promise speaks first: RECEIPT, then MESSAGE. Only then, and behind the effect, is
   * `listener` told.
   */
  pass(
    destinations: readonly string[],
    pending: Promise<void> | undefined,
    effect: Effect,
    listener?: PassListener,
  ): Settled
  /** True if what comes for this destination has to wait. */
  isHeldUp(destination: string): boolean
  /** Resolves when nothing waits any more. */
  quiet(): Promise<void>
}

/** Makes gates; `soon` calls after the present turn of the event loop. */
export function createGates(soon: (run: () => void) => void): Gates {
  return new DestinationGates(soon)
}

/** One effect on its way; `passed` is resolved when its turn has come, whether it was refused or not. */
interface Passage {
  readonly destinations: readonly string[]
  effect: Effect
  readonly passed: Promise<void>
  readonly listener: PassListener | undefined
}

const NO_EFFECT: Effect = { apply: () => {}, undo: () => {} }

class DestinationGates implements Gates {
  readonly #soon: (run: () => void) => void
  /** The last passage of each destination that is held up. */
  readonly #last = new Map<string, Passage>()
  readonly #waiting = new Set<Passage>()
  #due: Passage[] = []

  constructor(soon: (run: () => void) => void) {
    this.#soon = soon
  }

  pass(
    destinations: readonly string[],
    pending: Promise<void> | undefined,
    effect: Effect,
    listener?: PassListener,
  ): Settled {
    if (pending === undefined && this.#last.size === 0) {
      effect.apply()
      return undefined
    }
    const before: Promise<void>[] = []
    for (const destination of destinations) {
      const last = this.#last.get(destination)
      if (last !== undefined) before.push(last.passed)
    }
    if (pending === undefined && before.length === 0) {
      effect.apply()
      return undefined
    }
    // Whoever waits for others first hears of a refusal later: until then nobody else listens.
    if (before.length > 0) pending?.catch(() => {})
    const settled = before.length === 0 && pending !== undefined ? pending : Promise.all(before).then(() => pending)
    const passed = settled.then(
      () => this.#apply(passage),
      () => {
        effect.undo()
        // It holds its place until those before it have passed, which may wait for their turn.
        passage.effect = NO_EFFECT
        this.#apply(passage)
      },
    )
    const passage: Passage = { destinations, effect, passed, listener }
    this.#waiting.add(passage)
    for (const destination of destinations) this.#last.set(destination, passage)
    return settled
  }

  isHeldUp(destination: string): boolean {
    return this.#last.size > 0 && this.#last.has(destination)
  }

  async quiet(): Promise<void> {
    while (this.#waiting.size > 0) {
      await Promise.all([...this.#waiting].map(({ passed }) => passed))
      if (this.#due.length > 0) this.#applyDue()
    }
  }

  #apply(passage: Passage): void {
    if (this.#due.push(passage) === 1) this.#soon(() => this.#applyDue())
  }

  #applyDue(): void {
    const due = this.#due
    this.#due = []
    for (const passage of due) {
      this.#forget(passage)
      passage.effect.apply()
      passage.listener?.passed()
    }
  }

  #forget(passage: Passage): void {
    this.#waiting.delete(passage)
    for (const destination of passage.destinations) {
      if (this.#last.get(destination) === passage) this.#last.delete(destination)
    }
  }
}
