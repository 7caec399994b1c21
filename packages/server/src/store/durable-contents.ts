import { readRecord } from './durable-record.js'
import { ThreadFault } from './durable-thread.js'
import type { Found } from './ledger/worker.js'
import type { StoreContents, StoredEntry, StoredMessage } from './message-store.js'

/** Makes the contents of a store out of the parts in which they are read. */
export class ContentsReader {
  readonly #messages = new Map<number, StoredMessage>()
  readonly #entries: StoredEntry[] = []
  readonly #notes = new Map<string, string>()
  #unreadable: number | undefined = undefined

  take({ messages, entries, notes }: Found): void {
    for (const { id, data } of messages) {
      const message = readRecord(data)
      if (message === undefined) this.#unreadable ??= id
      else this.#messages.set(id, message)
    }
    for (const { shelf, position, message: id, deliveries } of entries) {
      const message = this.#messages.get(id)
      if (message !== undefined) this.#entries.push({ shelf, position, message, deliveries })
    }
    for (const { name, text } of notes) this.#notes.set(name, text)
  }

  /** Everything; throws if a message had a right checksum and yet was none. */
  contents(wasClosed: boolean): StoreContents {
    if (this.#unreadable !== undefined) {
      throw new ThreadFault({ kind: 'damaged', detail: `message ${this.#unreadable} cannot be read` })
    }
    return { entries: this.#entries, notes: this.#notes, wasClosed }
  }
}
