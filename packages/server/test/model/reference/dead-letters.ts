import { DEAD_LETTERS } from '../operation.js'
import type { ModelBatches } from './batches.js'
import { createLetter, type Entry } from './queue.js'
import type { ModelQueues } from './queues.js'
import { MAX_DELIVERIES, type ModelState } from './state.js'

/** What came back too often, on its way to the dead letters and there. */
export class ModelDeadLetters {
  readonly #state: ModelState
  readonly #batches: ModelBatches
  readonly #queues: ModelQueues

  constructor(state: ModelState, batches: ModelBatches, queues: ModelQueues) {
    this.#state = state
    this.#batches = batches
    this.#queues = queues
  }

  /** A commit was refused: dead letters on their way may be back. */
  doubt(): void {
    for (const entry of this.#state.burying) entry.isDoubtful = true
    if (this.#state.burying.length > 0) this.#state.heldUp.add(DEAD_LETTERS)
  }

  /** The broker tells that a message lies with the dead letters now. */
  died(queue: string, messageId: string): void {
    const isIt = (entry: Entry): boolean => entry.queue === queue && this.#state.messageIds.get(entry.tag) === messageId
    const dug = this.#state.dug.findIndex(isIt)
    if (dug >= 0) {
      this.#state.dug.splice(dug, 1)
      return
    }
    const entry = [
      ...(this.#state.queues.get(queue)?.entries ?? []),
      ...this.#state.orphans,
      ...this.#state.burying,
    ].find((each) => isIt(each) && this.#mayDie(each))
    if (entry === undefined) return this.#state.blame(`${messageId} of ${queue} is buried alive`)
    this.#bury(entry)
  }

  /** A dead letter may be delivered just before the broker tells of it. */
  digUp(queue: string, tag: string): void {
    if (queue !== DEAD_LETTERS) return
    if (this.#state.queues.get(queue)?.entries.some((entry) => entry.tag === tag && this.#batches.isToBeHad(entry)))
      return
    const all = [...[...this.#state.queues.values()].flatMap(({ entries }) => entries), ...this.#state.orphans]
    const entry = all.find((each) => each.tag === tag && each.queue !== DEAD_LETTERS && this.#mayDie(each))
    if (entry === undefined) return
    this.#bury(entry)
    this.#state.dug.push(entry)
  }

  #mayDie({ state, deliveries }: Entry): boolean {
    if (state === 'burying') return true
    // Held: its subscription was refused, of which the model is told in a moment.
    const isBack = state === 'returning' || (state === 'held' && this.#state.isStoreRefusing)
    return isBack && deliveries >= MAX_DELIVERIES
  }

  #bury(entry: Entry): void {
    this.#state.saw('dead letter')
    // On its way it has its place already.
    const place = (entry.state === 'burying' ? entry.backSince : this.#state.order) + 0.5
    this.#queues.remove(entry)
    this.#queues.open(DEAD_LETTERS).entries.push(createLetter(entry, place))
  }
}
