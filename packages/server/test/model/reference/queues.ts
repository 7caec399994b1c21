import { DEAD_LETTERS } from '../operation.js'
import { type Entry, isOver, type ModelQueue } from './queue.js'
import { MAX_DELIVERIES, MAX_MESSAGES, type ModelState } from './state.js'

/** The queues: lists of entries. */
export class ModelQueues {
  readonly #state: ModelState

  constructor(state: ModelState) {
    this.#state = state
  }

  open(name: string, isDurable = false): ModelQueue {
    const known = this.#state.queues.get(name)
    if (known !== undefined) return known
    const queue = { name, isDurable, entries: [], isGapAhead: false, isGapBehind: false, lastDrop: undefined }
    this.#state.queues.set(name, queue)
    return queue
  }

  /** The queue of dead letters is there as soon as one is on its way. */
  existing(name: string): ModelQueue | undefined {
    return name === DEAD_LETTERS && this.#state.burying.length > 0 ? this.open(name) : this.#state.queues.get(name)
  }

  /** Messages that a queue keeps, those announced to it included. */
  count(name: string): number {
    const buried = name === DEAD_LETTERS ? this.#state.burying.length : 0
    return (this.#state.queues.get(name)?.entries.length ?? 0) + buried
  }

  giveBack(entry: Entry): void {
    if (entry.state === 'gone') return
    entry.backSince = this.#state.order
    if (entry.queue === DEAD_LETTERS || entry.deliveries < MAX_DELIVERIES) return this.makeReady(entry)
    const leaving = this.#state.queues.get(DEAD_LETTERS)?.entries.filter(({ state }) => state === 'leaving').length ?? 0
    const count = this.count(DEAD_LETTERS)
    if (count - leaving >= MAX_MESSAGES) return this.makeReady(entry)
    entry.state = 'burying'
    entry.isDoubtful = count >= MAX_MESSAGES
    this.#state.burying.push(entry)
  }

  come(entry: Entry): void {
    this.mark(entry)
    this.makeReady(entry)
  }

  /** The first that comes behind a gap says so. */
  mark(entry: Entry): void {
    const queue = this.#state.queues.get(entry.queue)
    if (queue === undefined || entry.state !== 'arriving') return
    entry.isAfterGap ||= queue.isGapBehind
    queue.isGapBehind = false
  }

  makeReady(entry: Entry): void {
    entry.isDoubtful = false
    entry.state = 'ready'
    if (isOver(entry, this.#state.nowMs)) this.expire(entry)
  }

  expire(entry: Entry): void {
    this.#state.saw('expired')
    this.leave(entry)
  }

  /** It is gone without anybody having asked for it: a crash may bring it back. */
  leave(entry: Entry): void {
    if (entry.isPersistent) this.#state.ghosts.push({ entry, stamp: undefined })
    this.remove(entry)
  }

  remove(entry: Entry): void {
    entry.state = 'gone'
    const queue = this.#state.queues.get(entry.queue)
    if (queue !== undefined) {
      queue.entries = queue.entries.filter((each) => each !== entry)
      // What it has not told, or not to one who has answered, the next one tells.
      queue.isGapAhead ||= entry.isAfterGap
    }
    entry.isAfterGap = false
    this.#state.burying = this.#state.burying.filter((each) => each !== entry)
  }

  /** Queues in which nothing is and to which nobody listens are no more. */
  tidy(): void {
    for (const { name, isDurable, entries } of this.#state.queues.values()) {
      const hasConsumers = this.#state.subscriptions.some(({ queue }) => queue === name)
      if (!isDurable && entries.length === 0 && !hasConsumers) this.#state.queues.delete(name)
    }
  }

  advance(ms: number): void {
    this.#state.nowMs += ms
    for (const { entries } of [...this.#state.queues.values()]) {
      for (const entry of entries) if (entry.state === 'ready' && isOver(entry, this.#state.nowMs)) this.expire(entry)
    }
    this.tidy()
  }
}
