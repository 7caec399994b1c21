/** What stands between the ids of several destinations in one event id; no message-id of ours holds a space. */
const SEPARATOR = ' '

/**
 * How far a reader of several destinations has come in each: the last message-id of each, in the order of the request.
 * For a single destination it is simply the message-id.
 */
export class EventPositions {
  readonly #ids: string[]

  constructor(ids: readonly string[]) {
    this.#ids = [...ids]
  }

  /** Reads a Last-Event-ID; what was written for other destinations names nothing that is known, so a gap is told. */
  static read(text: string, count: number): EventPositions {
    if (count === 1) return new EventPositions([text])
    const ids = text.split(SEPARATOR)
    return new EventPositions(ids.length === count ? ids : new Array<string>(count).fill('?'))
  }

  of(index: number): string {
    return this.#ids[index] ?? '?'
  }

  /** The event id, once the message with this id was told. */
  move(index: number, id: string): string {
    this.#ids[index] = id
    return this.toString()
  }

  toString(): string {
    return this.#ids.join(SEPARATOR)
  }
}
