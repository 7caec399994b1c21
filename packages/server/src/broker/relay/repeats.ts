/**
 * Which messages have come already, for as long as is worth while: the broker's loss of a connection makes senders send
 * again what was not answered, marked as such, and the broker deliver again what was not acknowledged.
 */
export interface Repeats {
  /** The topic hears all that is published from now on; told again after each loss. */
  begin(topic: object): void
  /** Notes that a message has come for one topic. `isRepeated`: it says itself that it may have come before. */
  note(topic: object, id: string, isRepeated: boolean): void
  /** True if it is known to have come there. False may also mean that it is too long ago. */
  has(topic: object, id: string): boolean
}

/** So many messages are remembered at least, of all topics together; at most twice as many. */
const REMEMBERED = 16_384

/** Remembers the last `remembered` messages. */
export function createRepeats(remembered: number = REMEMBERED): Repeats {
  return new TwoGenerations(remembered)
}

type Generation = Map<object, Set<string>>

/** Two tables: when the newer one is full the older one is forgotten as a whole. */
class TwoGenerations implements Repeats {
  readonly #size: number
  #newer: Generation = new Map()
  #older: Generation = new Map()
  #count = 0

  constructor(size: number) {
    this.#size = size
  }

  begin(): void {}

  note(topic: object, id: string): void {
    if (this.#count >= this.#size) {
      this.#older = this.#newer
      this.#newer = new Map()
      this.#count = 0
    }
    this.#count++
    const ids = this.#newer.get(topic)
    if (ids === undefined) this.#newer.set(topic, new Set([id]))
    else ids.add(id)
  }

  has(topic: object, id: string): boolean {
    return this.#newer.get(topic)?.has(id) === true || this.#older.get(topic)?.has(id) === true
  }
}
