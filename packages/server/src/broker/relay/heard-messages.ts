import { createRepeats, type Repeats } from './repeats.js'

/**
 * Which messages this node has heard, by whichever client's leg: each is remembered once, and not once for each client that
 * hears it, which would take megabytes of each. A topic of one client has heard what the node has since its beginning.
 */
export interface HeardMessages {
  /** As the topics of one client's leg see it. */
  ofClient(): Repeats
}

/** So many messages are remembered at least; at most twice as many. */
const REMEMBERED = 16_384

/** Of those that were repeated before they were heard: so many for each client. */
const REPEATED_REMEMBERED = 128

/** Remembers the last `remembered` messages. */
export function createHeardMessages(remembered: number = REMEMBERED): HeardMessages {
  const first = new Positions(remembered)
  return { ofClient: () => new ClientRepeats(first) }
}

class ClientRepeats implements Repeats {
  readonly #first: Positions
  readonly #begins = new WeakMap<object, number>()
  /** Made when one comes. */
  #repeated: Repeats | undefined

  constructor(first: Positions) {
    this.#first = first
  }

  begin(topic: object): void {
    this.#begins.set(topic, this.#first.last)
  }

  // A repeated one is not noted for all: others may still be about to hear that same copy.
  note(topic: object, id: string, isRepeated: boolean): void {
    if (!isRepeated) return this.#first.note(id)
    this.#repeated ??= createRepeats(REPEATED_REMEMBERED)
    this.#repeated.note(topic, id, isRepeated)
  }

  has(topic: object, id: string): boolean {
    const begin = this.#begins.get(topic)
    const heard = this.#first.of(id)
    if (begin !== undefined && heard !== undefined && heard > begin) return true
    return this.#repeated?.has(topic, id) === true
  }
}

/** The how many-th each message was; in two tables: when the newer one is full the older one is forgotten as a whole. */
class Positions {
  last = 0
  readonly #size: number
  #newer = new Map<string, number>()
  #older = new Map<string, number>()

  constructor(size: number) {
    this.#size = size
  }

  note(id: string): void {
    if (this.#newer.has(id) || this.#older.has(id)) return
    if (this.#newer.size >= this.#size) {
      this.#older = this.#newer
      this.#newer = new Map()
    }
    this.#newer.set(id, ++this.last)
  }

  of(id: string): number | undefined {
    return this.#newer.get(id) ?? this.#older.get(id)
  }
}
