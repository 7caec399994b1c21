import { DURABLES, type DurableId } from '../operation.js'
import type { Batch, ModelBatches } from './batches.js'
import { precedes, show } from './queue.js'
import type { ModelQueues } from './queues.js'
import { MAX_MESSAGES, type ModelState } from './state.js'

/** The durable subscriptions: what each collects is a queue. */
export class ModelDurables {
  readonly #state: ModelState
  readonly #batches: ModelBatches
  readonly #queues: ModelQueues

  constructor(state: ModelState, batches: ModelBatches, queues: ModelQueues) {
    this.#state = state
    this.#batches = batches
    this.#queues = queues
  }

  isLive(id: DurableId): boolean {
    return this.#state.subscriptions.some(({ durable }) => durable === id)
  }

  has(id: DurableId): boolean {
    return this.#state.durables.has(id)
  }

  /** A durable subscription begins; the store is not told yet. */
  make(id: DurableId): Batch {
    const batch = this.#batches.begin()
    batch.durable = id
    this.#state.durables.set(id, batch)
    this.#queues.open(DURABLES[id].name, true)
    return batch
  }

  end(id: DurableId): Batch {
    const queue = this.#state.queues.get(DURABLES[id].name)
    this.#state.durables.delete(id)
    for (const entry of queue?.entries ?? []) {
      this.#state.orphans.push(entry)
      if (entry.state !== 'burying') entry.state = 'gone'
    }
    this.#state.queues.delete(DURABLES[id].name)
    const batch = this.#batches.begin()
    batch.durable = id
    return batch
  }

  /** The broker tells that a durable subscription has too much: its oldest message gives way. */
  dropped(name: string, messageId: string): void {
    const queue = this.#state.queues.get(name)
    const entry = queue?.entries.find(({ tag }) => this.#state.messageIds.get(tag) === messageId)
    if (queue === undefined || entry === undefined) return this.#state.blame(`${messageId} is dropped from nowhere`)
    const isOldest = !queue.entries.some((other) => other.state === 'ready' && precedes(other, entry))
    const isRight = queue.entries.length > MAX_MESSAGES && this.#batches.isToBeHad(entry) && isOldest
    if (!isRight) this.#state.blame(`${show(entry)} is dropped, and should not be`)
    this.#queues.mark(entry)
    queue.isGapAhead = true
    queue.lastDrop = { stamp: undefined }
    this.#state.saw('dropped from a durable subscription')
    this.#queues.leave(entry)
  }
}
