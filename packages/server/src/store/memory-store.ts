import { StompError } from '../errors.js'
import type { MessageStore, StoreChange, StoreContents, StoredEntry } from './message-store.js'

/** A store that forgets everything when the process ends; see {@link memoryStore}. */
export interface MemoryStore extends MessageStore {
  /**
   * Lets go of the store as a crash would, for tests: it can be opened again, and says then that it was not closed. What
   * was committed stays. Of the calls of `later` since the last commit the first `keptLater` took effect, the others
   * never happened.
   *
   * @param keptLater 0 by default
   */
  abandon(keptLater?: number): void
}

/**
 * Keeps messages in memory: for tests, and for a broker whose messages need not outlive it. Can be opened again after
 * `close` or `abandon`, and then gives back what it kept.
 */
export function memoryStore(): MemoryStore {
  return new InMemoryStore()
}

class InMemoryStore implements MemoryStore {
  readonly #shelves = new Map<string, Map<number, StoredEntry>>()
  readonly #notes = new Map<string, string>()
  /** What `later` was given since the last commit. */
  #later: (readonly StoreChange[])[] = []
  #isOpen = false
  #wasClosed = true

  async open(): Promise<StoreContents> {
    if (this.#isOpen) throw new StompError('STOMP_ERR_STORE_LOCKED', { message: 'The message store is open already' })
    const entries = [...this.#shelves.values()].flatMap((shelf) =>
      [...shelf.values()].sort((one, other) => one.position - other.position),
    )
    const contents = { entries, notes: new Map(this.#notes), wasClosed: this.#wasClosed }
    this.#isOpen = true
    this.#wasClosed = false
    return contents
  }

  async commit(changes: readonly StoreChange[]): Promise<void> {
    if (!this.#isOpen) throw new StompError('STOMP_ERR_STORE_FAILED', { message: 'The message store is not open' })
    this.#applyLater()
    this.#apply(changes)
  }

  later(changes: readonly StoreChange[]): void {
    if (this.#isOpen) this.#later.push(changes)
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#applyLater()
    this.#isOpen = false
    this.#wasClosed = true
  }

  abandon(keptLater = 0): void {
    this.#later.length = Math.min(keptLater, this.#later.length)
    this.#applyLater()
    this.#isOpen = false
  }

  #applyLater(): void {
    for (const changes of this.#later) this.#apply(changes)
    this.#later = []
  }

  #apply(changes: readonly StoreChange[]): void {
    for (const change of changes) this.#applyOne(change)
  }

  #applyOne(change: StoreChange): void {
    switch (change.kind) {
      case 'add': {
        const { shelf, position, message, deliveries } = change
        const entries = this.#shelves.get(shelf) ?? new Map<number, StoredEntry>()
        this.#shelves.set(shelf, entries.set(position, { shelf, position, message, deliveries }))
        return
      }
      case 'delivered': {
        const entries = this.#shelves.get(change.shelf)
        const entry = entries?.get(change.position)
        if (entry !== undefined) entries?.set(change.position, { ...entry, deliveries: change.deliveries })
        return
      }
      case 'remove': {
        const entries = this.#shelves.get(change.shelf)
        entries?.delete(change.position)
        if (entries?.size === 0) this.#shelves.delete(change.shelf)
        return
      }
      case 'clear':
        this.#shelves.delete(change.shelf)
        return
      case 'note':
        if (change.text === undefined) this.#notes.delete(change.name)
        else this.#notes.set(change.name, change.text)
        return
      default:
        change satisfies never
    }
  }
}
