import type { StoreChange } from '../../store/message-store.js'
import type { QueueEntry } from './queue-entry.js'

/**
 * Where messages of one queue were dropped. A gap is the place of a message that is gone. It is open until the message
 * that tells of it is answered; if that one leaves in any other way, the gap waits for the next one that is given. Where
 * the same message would tell of two, they become one. At most one gap for each message that is kept, and two more.
 */
export class QueueGaps {
  readonly #open = new Set<number>()
  readonly #joined: (gap: number) => void
  /** Told with the next message that is given. */
  #ahead: number | undefined
  /** Told with the next message that comes. */
  #behind: number | undefined
  #isEnded = false

  /** @param joined is told when a gap has become one with another */
  constructor(joined: (gap: number) => void) {
    this.#joined = joined
  }

  /** An entry that waits is dropped, and is settled next. True if that makes a gap, which is the entry's then. */
  drop(entry: QueueEntry): boolean {
    if (this.#isEnded || entry.gap !== undefined || this.#ahead !== undefined) return false
    entry.gap = entry.position
    this.#open.add(entry.gap)
    return true
  }

  /** A message that was never kept is missing behind all that is. False if another gap, or nobody, tells of it. */
  add(gap: number): boolean {
    if (this.#isEnded || this.#behind !== undefined) return false
    this.#behind = gap
    this.#open.add(gap)
    return true
  }

  /** A new entry comes. */
  come(entry: QueueEntry): void {
    if (this.#behind === undefined) return
    entry.gap = this.#behind
    this.#behind = undefined
  }

  /** An entry is given: it tells what there is to be told. */
  tell(entry: QueueEntry): void {
    if (this.#ahead === undefined) return
    entry.gap = this.#join(entry.gap, this.#ahead)
    this.#ahead = undefined
  }

  /** An entry that was given is answered: what it has told is done with. */
  answered(entry: QueueEntry): void {
    if (entry.gap !== undefined) this.#open.delete(entry.gap)
    entry.gap = undefined
  }

  /** An entry leaves, answered or not. */
  leave(entry: QueueEntry): void {
    if (entry.gap === undefined) return
    this.#ahead = this.#join(this.#ahead, entry.gap)
    entry.gap = undefined
  }

  /** The queue ends. Returns all gaps that are open. */
  end(): readonly number[] {
    this.#isEnded = true
    const open = [...this.#open]
    this.#open.clear()
    return open
  }

  #join(gap: number | undefined, other: number): number {
    if (gap === undefined) return other
    this.#open.delete(other)
    if (!this.#isEnded) this.#joined(other)
    return gap
  }
}

const NOTE = 'gap:'

/** What keeps in the store that a gap is open, or forgets it. */
export function gapNote(queue: string, gap: number, isOpen: boolean): StoreChange {
  return { kind: 'note', name: `${NOTE}${gap}:${queue}`, text: isOpen ? '' : undefined }
}

/** The open gaps that a store has kept: of each queue, in their order. */
export function readGapNotes(notes: ReadonlyMap<string, string>): ReadonlyMap<string, number[]> {
  const gaps = new Map<string, number[]>()
  for (const name of notes.keys()) {
    if (!name.startsWith(NOTE)) continue
    // Written by `gapNote`, and checked by the store.
    const end = name.indexOf(':', NOTE.length)
    const queue = name.slice(end + 1)
    const list = gaps.get(queue) ?? []
    gaps.set(queue, list)
    list.push(Number(name.slice(NOTE.length, end)))
  }
  for (const list of gaps.values()) list.sort((one, other) => one - other)
  return gaps
}
