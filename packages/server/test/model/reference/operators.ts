import type { Batch, ModelBatches } from './batches.js'
import type { Entry } from './queue.js'
import type { ModelQueues } from './queues.js'
import type { ModelRequests } from './requests.js'
import { MAX_MESSAGES, type ModelState } from './state.js'

/** What operators do. */
export class ModelOperators {
  readonly #state: ModelState
  readonly #batches: ModelBatches
  readonly #queues: ModelQueues
  readonly #requests: ModelRequests

  constructor(state: ModelState, batches: ModelBatches, queues: ModelQueues, requests: ModelRequests) {
    this.#state = state
    this.#batches = batches
    this.#queues = queues
    this.#requests = requests
  }

  /** How many messages a purge takes; undefined: there is no such queue. */
  purge(name: string): { readonly count: number; readonly batch: Batch } | undefined {
    const queue = this.#queues.existing(name)
    if (queue === undefined) return undefined
    const batch = this.#batches.begin(true)
    batch.removes = queue.entries.filter(({ state }) => state === 'ready')
    for (const entry of batch.removes) entry.state = 'leaving'
    if (batch.removes.length > 0) this.#state.saw('purge')
    return { count: batch.removes.length, batch }
  }

  /** The same for a move, or the code with which it is refused. */
  move(
    from: string,
    to: string | undefined,
    limit: number,
  ): { readonly count: number; readonly batch: Batch } | string {
    const queue = this.#queues.existing(from)
    if (queue === undefined) return 'STOMP_ERR_DESTINATION_UNKNOWN'
    const ready = queue.entries.filter(({ state }) => state === 'ready')
    const oldest = ready.sort((a, b) => a.place - b.place).slice(0, limit)
    const reserved = new Map<string, number>()
    const moves: { readonly entry: Entry; readonly target: string }[] = []
    for (const entry of oldest) {
      const target = to ?? entry.origin
      if (target === undefined) continue
      if (!this.#state.queues.has(target) && !target.startsWith('/queue/')) return 'STOMP_ERR_DESTINATION_UNKNOWN'
      const count = reserved.get(target) ?? 0
      if (this.#queues.count(target) + count >= MAX_MESSAGES) return 'STOMP_ERR_QUEUE_FULL'
      reserved.set(target, count + 1)
      moves.push({ entry, target })
    }
    const batch = this.#batches.begin(true)
    for (const { entry, target } of moves) {
      this.#state.saw('move')
      entry.state = 'leaving'
      batch.removes.push(entry)
      this.#requests.arrive(batch, { ...entry, queue: target, origin: undefined })
    }
    return { count: moves.length, batch }
  }
}
