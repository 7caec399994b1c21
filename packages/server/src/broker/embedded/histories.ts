import { covers, isPattern } from '../../destination/destination.js'
import { StompError } from '../../errors.js'
import type { StoreChange } from '../../store/message-store.js'
import type { Budget } from './budget.js'
import type { HeldMessage } from './held-message.js'
import { createHistory, type History, type HistoryBounds, type HistoryEntry, type Missed } from './history.js'
import type { SubscribeDemands } from './subscribe-demands.js'

/** Which topics remember how much; `segments` of a destination or pattern. The first rule that fits a topic counts. */
export interface HistoryRule extends HistoryBounds {
  readonly segments: readonly string[]
}

/** What the histories of a broker share. */
export interface HistoriesParts {
  readonly historyRules: readonly HistoryRule[]
  readonly budget: Budget
  /** Time of day in ms since the epoch. */
  readonly epochMs: () => number
  /** Rising numbers. */
  readonly nextPosition: () => number
  readonly segmentsOf: (destination: string) => readonly string[]
  /** The order that a position of this broker stands for; undefined for anything else. */
  readonly orderOf: (position: string) => number | undefined
  readonly storeLater: ((changes: readonly StoreChange[]) => void) | undefined
}

/** The histories of all topics that have one. One is made with its first message, and goes with its last. */
export interface Histories {
  readonly count: number
  get(destination: string): History | undefined
  destinations(): Iterable<string>
  /** True if messages of this topic are remembered. */
  isKept(segments: readonly string[]): boolean
  /** Remembers a message that is given out now; the store is told of those that are forgotten for it. */
  add(destination: string, segments: readonly string[], position: number, held: HeldMessage): void
  /** Puts back what the store has kept: places in the store are all that is known of its order. */
  restore(destination: string, segments: readonly string[], position: number, held: HeldMessage): void
  /** What a new subscription has missed. Throws STOMP_ERR_UNSUPPORTED where there is no history. */
  missed(destination: string, segments: readonly string[], replay: NonNullable<SubscribeDemands['replay']>): Missed
  /** Forgets what is too old. */
  forgetOld(): void
  /** After a restart: behind these places each history may lack something. */
  markGaps(gaps: readonly number[]): void
}

/** What the shelves of histories begin with. */
export const HISTORY_SHELF = 'history:'

/** Makes none yet. `ended` is told of each that goes. */
export function createHistories(parts: HistoriesParts, ended: (destination: string) => void): Histories {
  return new HistoryRoom(parts, ended)
}

class HistoryRoom implements Histories {
  readonly #parts: HistoriesParts
  readonly #ended: (destination: string) => void
  readonly #histories = new Map<string, History>()
  /** Order of the last message in a history that is no more; -1: none. */
  #forgotten = -1

  constructor(parts: HistoriesParts, ended: (destination: string) => void) {
    this.#parts = parts
    this.#ended = ended
  }

  get count(): number {
    return this.#histories.size
  }

  get(destination: string): History | undefined {
    return this.#histories.get(destination)
  }

  destinations(): Iterable<string> {
    return this.#histories.keys()
  }

  isKept(segments: readonly string[]): boolean {
    return this.#parts.historyRules.length > 0 && this.#ruleFor(segments) !== undefined
  }

  add(destination: string, segments: readonly string[], position: number, held: HeldMessage): void {
    this.#add(destination, segments, { position, order: this.#parts.nextPosition(), held })
  }

  restore(destination: string, segments: readonly string[], position: number, held: HeldMessage): void {
    this.#add(destination, segments, { position, order: position, held })
  }

  missed(destination: string, segments: readonly string[], replay: NonNullable<SubscribeDemands['replay']>): Missed {
    if (!this.#parts.historyRules.some((rule) => covers(rule.segments, segments))) {
      throw new StompError('STOMP_ERR_UNSUPPORTED', {
        message: `No history is kept at '${destination}'`,
        cure: "Subscribe without 'since' and 'replay', or ask the operator to keep a history there.",
      })
    }
    this.forgetOld()
    const histories = this.#historiesOf(destination, segments)
    if ('last' in replay) {
      const all = joined(histories.map((history) => history.last(replay.last)))
      return { ...all, entries: all.entries.slice(-replay.last) }
    }
    const order = this.#parts.orderOf(replay.since) ?? orderIn(histories, replay.since)
    if (order === undefined) return { ...joined(histories.map((history) => history.after(-1))), isAfterGap: true }
    const missed = joined(histories.map((each) => each.after(order)))
    // A history that is no more may have held some; where one topic is meant, only its own history tells.
    const isLost = (isPattern(segments) || histories.length === 0) && this.#forgotten > order
    return isLost ? { ...missed, isAfterGap: true } : missed
  }

  forgetOld(): void {
    for (const [destination, history] of this.#histories) {
      this.#tell(destination, history.forgetOld())
      this.#endIfEmpty(destination, history)
    }
  }

  markGaps(gaps: readonly number[]): void {
    for (const history of this.#histories.values()) history.markGaps(gaps)
  }

  #add(destination: string, segments: readonly string[], entry: Parameters<History['add']>[0]): void {
    const rule = this.#ruleFor(segments)
    if (rule === undefined) return
    let history = this.#histories.get(destination)
    if (history === undefined) {
      // An earlier one of this topic may have been the last to go: what it held counts as forgotten here too.
      history = createHistory(rule, this.#parts.budget, this.#parts.epochMs, this.#forgotten)
      this.#histories.set(destination, history)
    }
    this.#tell(destination, history.add(entry))
    this.#endIfEmpty(destination, history)
  }

  #ruleFor(segments: readonly string[]): HistoryRule | undefined {
    return this.#parts.historyRules.find((each) => covers(each.segments, segments))
  }

  #endIfEmpty(destination: string, history: History): void {
    if (history.size > 0) return
    this.#histories.delete(destination)
    this.#forgotten = Math.max(this.#forgotten, history.forgotten)
    this.#ended(destination)
  }

  #historiesOf(destination: string, segments: readonly string[]): readonly History[] {
    if (!isPattern(segments)) {
      const history = this.#histories.get(destination)
      return history === undefined ? [] : [history]
    }
    const { segmentsOf } = this.#parts
    return [...this.#histories].filter(([name]) => covers(segments, segmentsOf(name))).map(([, history]) => history)
  }

  #tell(destination: string, forgotten: readonly HistoryEntry[]): void {
    if (forgotten.length === 0) return
    const shelf = HISTORY_SHELF + destination
    this.#parts.storeLater?.(forgotten.map(({ position }) => ({ kind: 'remove', shelf, position })))
  }
}

function orderIn(histories: readonly History[], messageId: string): number | undefined {
  for (const history of histories) {
    const order = history.find(messageId)
    if (order !== undefined) return order
  }
  return undefined
}

/** One after the other in order, whatever topic they are of. */
function joined(missed: readonly Missed[]): Missed {
  const [only] = missed
  if (only !== undefined && missed.length === 1) return only
  return {
    entries: missed.flatMap(({ entries }) => entries).sort((a, b) => a.order - b.order),
    isAfterGap: missed.some(({ isAfterGap }) => isAfterGap),
    isBeforeGap: missed.some(({ isBeforeGap }) => isBeforeGap),
  }
}
