import type { Budget } from './budget.js'
import { type HeldMessage, isExpired } from './held-message.js'

/** How much of a topic is remembered. */
export interface HistoryBounds {
  readonly count: number
  readonly maxAgeMs: number | undefined
}

/** One remembered message. */
export interface HistoryEntry {
  /** Its place in the store. */
  readonly position: number
  /** When it was given out, among the messages of all topics: after a wait for the store that differs from its place. */
  readonly order: number
  readonly held: HeldMessage
  /** True if something may be missing between the one before and this one. */
  readonly isAfterGap: boolean
}

/** What a new subscription missed, oldest first. */
export interface Missed {
  readonly entries: readonly HistoryEntry[]
  /** More than this was missed, and is forgotten. */
  readonly isAfterGap: boolean
  /** Something may be missing between these and what is published from now on. */
  readonly isBeforeGap: boolean
}

/** The last messages of one topic. */
export interface History {
  readonly size: number
  readonly bytes: number
  /** The order of the last message that was forgotten; -1: none. */
  readonly forgotten: number
  /** Remembers a message, later in order than all before; returns what is forgotten for it: perhaps itself. */
  add(entry: { readonly position: number; readonly order: number; readonly held: HeldMessage }): readonly HistoryEntry[]
  /** After a restart: something may be missing behind these places, and before the first message. */
  markGaps(gaps: readonly number[]): void
  /** Forgets what is too old and returns it. */
  forgetOld(): readonly HistoryEntry[]
  /** The order of the message with this id. */
  find(messageId: string): number | undefined
  /** All that came after, in order. */
  after(order: number): Missed
  /** The last `count`. */
  last(count: number): Missed
}

/**
 * Makes an empty history; `budget` bounds the bytes of all histories and queues together: over it, the oldest go first.
 * `forgotten`: messages up to this order may have been forgotten before. @default none
 */
export function createHistory(bounds: HistoryBounds, budget: Budget, nowMs: () => number, forgotten = -1): History {
  return new TopicHistory(bounds, budget, nowMs, forgotten)
}

class TopicHistory implements History {
  readonly #bounds: HistoryBounds
  readonly #budget: Budget
  readonly #nowMs: () => number
  #entries: HistoryEntry[] = []
  /** Index of the first that is remembered: forgetting one must not move all others. */
  #first = 0
  #isGapAhead = false
  bytes = 0
  forgotten: number

  constructor(bounds: HistoryBounds, budget: Budget, nowMs: () => number, forgotten: number) {
    this.#bounds = bounds
    this.#budget = budget
    this.#nowMs = nowMs
    this.forgotten = forgotten
  }

  get size(): number {
    return this.#entries.length - this.#first
  }

  add(added: { position: number; order: number; held: HeldMessage }): readonly HistoryEntry[] {
    const { held } = added
    const forgotten = this.forgetOld()
    this.#entries.push({ ...added, isAfterGap: this.#isGapAhead })
    this.#isGapAhead = false
    this.bytes += held.bytes
    this.#budget.take(held.bytes)
    while (this.size > 0 && (this.size > this.#bounds.count || this.#budget.isOver)) this.#forgetFirst(forgotten)
    return forgotten
  }

  markGaps(gaps: readonly number[]): void {
    const first = this.#entries[this.#first]
    if (first === undefined) return
    this.forgotten = first.order - 1
    let before = first.position
    this.#entries = this.#entries.slice(this.#first).map((entry) => {
      const isAfterGap = gaps.some((gap) => gap >= before && gap < entry.position)
      before = entry.position
      return { ...entry, isAfterGap }
    })
    this.#first = 0
    this.#isGapAhead = gaps.some((gap) => gap >= before)
  }

  forgetOld(): HistoryEntry[] {
    const forgotten: HistoryEntry[] = []
    const { maxAgeMs } = this.#bounds
    if (maxAgeMs === undefined) return forgotten
    const oldestMs = this.#nowMs() - maxAgeMs
    while ((this.#entries[this.#first]?.held.publishedAtMs ?? oldestMs + 1) <= oldestMs) this.#forgetFirst(forgotten)
    return forgotten
  }

  find(messageId: string): number | undefined {
    for (let i = this.#entries.length - 1; i >= this.#first; i--) {
      const entry = this.#entries[i]
      if (entry?.held.message.id === messageId) return entry.order
    }
    return undefined
  }

  after(order: number): Missed {
    let from = this.#entries.length
    while (from > this.#first && (this.#entries[from - 1]?.order ?? -1) > order) from--
    return this.#from(from, this.forgotten > order)
  }

  last(count: number): Missed {
    return this.#from(Math.max(this.#entries.length - count, this.#first), false)
  }

  #from(index: number, isAfterGap: boolean): Missed {
    const entries = this.#entries.slice(index).filter(({ held }) => !isExpired(held, this.#nowMs))
    return { entries, isAfterGap, isBeforeGap: this.#isGapAhead }
  }

  #forgetFirst(forgotten: HistoryEntry[]): void {
    const entry = this.#entries[this.#first]
    if (entry === undefined) return
    this.#first++
    this.bytes -= entry.held.bytes
    this.#budget.giveBack(entry.held.bytes)
    this.forgotten = entry.order
    forgotten.push(entry)
    if (this.#first <= 64 || this.#first * 2 <= this.#entries.length) return
    this.#entries = this.#entries.slice(this.#first)
    this.#first = 0
  }
}
