import { Reading, read } from './ledger.js'

/** What a publisher has done so far. */
export interface Published {
  readonly name: string
  readonly sent: number
  readonly receipted: ReadonlySet<number>
}

interface Sitting {
  readonly reading: Reading
  /** The highest number of each publisher that came. */
  readonly last: Map<string, number>
  /** What each publisher had sent at the RECEIPT of the subscription; undefined: there was none. */
  before: ReadonlyMap<string, number> | undefined
}

/**
 * What one subscriber was given that comes back again and again: from the RECEIPT of each of its subscriptions to the loss of
 * that connection nothing may lack, nothing be repeated, and each publisher's messages be in order. What was published
 * just before a loss may have been on its way: only the end of a sitting that is over is open.
 */
export class Sittings {
  readonly #name: string
  readonly #publishers: () => readonly Published[]
  readonly #sittings: Sitting[] = []

  /** `name`: for the faults. `publishers`: those that publish for it. */
  constructor(name: string, publishers: () => readonly Published[]) {
    this.#name = name
    this.#publishers = publishers
  }

  /** What came on its `connection`-th connection, from 1. */
  take(connection: number, text: string): void {
    const { reading, last } = this.#at(connection)
    reading.take(text)
    const { publisher, number } = read(text) ?? {}
    if (publisher !== undefined && number !== undefined) last.set(publisher, Math.max(number, last.get(publisher) ?? 0))
  }

  /** The subscription was receipted on that connection. */
  active(connection: number): void {
    this.#at(connection).before = new Map(this.#publishers().map(({ name, sent }) => [name, sent]))
  }

  get size(): number {
    return this.#sittings.reduce((sum, { reading }) => sum + reading.size, 0)
  }

  get faults(): readonly string[] {
    return this.#sittings.flatMap(({ reading }) => reading.faults)
  }

  /** What was receipted, was due to it, and did not come. */
  missing(): readonly string[] {
    const present = this.#sittings.at(-1)
    return this.#sittings.flatMap(({ reading, last, before }, index) => {
      if (before === undefined && this.#sittings[index] === present) return [`${this.#name}: is not subscribed`]
      if (before === undefined) return []
      return this.#publishers().flatMap(({ name, receipted }) => {
        const from = before.get(name) ?? 0
        const to = this.#sittings[index] === present ? Number.POSITIVE_INFINITY : (last.get(name) ?? 0)
        return reading.missing(
          name,
          [...receipted].filter((number) => number > from && number <= to),
        )
      })
    })
  }

  #at(connection: number): Sitting {
    const known = this.#sittings[connection - 1]
    if (known !== undefined) return known
    const sitting: Sitting = {
      reading: new Reading(`${this.#name}, connection ${connection}`),
      last: new Map(),
      before: undefined,
    }
    // Connections that were lost before they said anything count, too.
    while (this.#sittings.length < connection - 1) this.#at(this.#sittings.length + 1)
    this.#sittings[connection - 1] = sitting
    return sitting
  }
}
