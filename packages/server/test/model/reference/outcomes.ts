import { DEAD_LETTERS } from '../operation.js'
import type { Batch } from './batches.js'
import type { ModelDurables } from './durables.js'
import { show } from './queue.js'
import type { ModelQueues } from './queues.js'
import type { ModelSessions } from './sessions.js'
import { MAX_MESSAGES, type ModelState } from './state.js'
import type { ModelTopics } from './topics.js'

/** How what was asked for comes out. */
export class ModelOutcomes {
  readonly #state: ModelState
  readonly #queues: ModelQueues
  readonly #sessions: ModelSessions
  readonly #durables: ModelDurables
  readonly #topics: ModelTopics

  constructor(
    state: ModelState,
    queues: ModelQueues,
    sessions: ModelSessions,
    durables: ModelDurables,
    topics: ModelTopics,
  ) {
    this.#state = state
    this.#queues = queues
    this.#sessions = sessions
    this.#durables = durables
    this.#topics = topics
  }

  settled(batch: Batch): void {
    if (batch.state === 'called') batch.state = 'settled'
    // A subscription is there, or is no more, from the call on.
    if (batch.durable !== undefined) this.applied(batch)
  }

  /** Nothing of it may have happened; what it answered is back in its queue. */
  refused(batch: Batch): void {
    batch.state = 'refused'
    this.#state.batches = this.#state.batches.filter((each) => each !== batch)
    this.#state.saw('refused by the store')
    if (batch.channel !== undefined) this.#state.laggards.add(batch.channel)
    for (const entry of batch.adds) {
      this.#state.heldUp.add(entry.queue)
      if (entry.state !== 'arriving' && !this.#state.orphans.includes(entry))
        this.#state.blame(`${show(entry)} was refused, and delivered`)
      this.#queues.remove(entry)
    }
    for (const entry of batch.removes) if (entry.state === 'leaving') this.#queues.makeReady(entry)
    for (const entry of batch.returns) if (entry.state === 'returning') this.#queues.giveBack(entry)
    if (batch.durable !== undefined && this.#state.durables.get(batch.durable) === batch) {
      const id = batch.durable
      for (const each of this.#state.subscriptions) if (each.durable === id) this.#sessions.unsubscribe(each)
      this.#durables.end(id)
      this.#state.batches.pop()
    }
    this.#queues.tidy()
  }

  /** It took effect within the call. */
  applied(batch: Batch): void {
    this.#apply(batch)
    if (batch.returns.length === 0) this.#checkBounds(batch)
    this.#queues.tidy()
  }

  #apply(batch: Batch): void {
    batch.state = 'applied'
    this.#state.batches = this.#state.batches.filter((each) => each !== batch)
    for (const entry of batch.adds) if (entry.state === 'arriving') this.#queues.come(entry)
    for (const entry of batch.removes) {
      if (entry.state !== 'leaving') continue
      // What was acknowledged has told it; what an operator takes away has not.
      if (!batch.isAdmin) entry.isAfterGap = false
      this.#queues.remove(entry)
    }
    for (const entry of batch.returns) if (entry.state === 'returning') this.#queues.giveBack(entry)
    for (const publication of batch.publications) this.#topics.fanOut(publication)
  }

  /** A message that has come in just now makes others go, if there are too many and somebody can. */
  #checkBounds({ adds }: Batch): void {
    for (const { name, isDurable, entries } of this.#state.queues.values()) {
      const isFilled = isDurable && entries.length > MAX_MESSAGES && adds.some(({ queue }) => queue === name)
      const states = entries.map(({ state }) => state)
      if (isFilled && states.includes('ready') && !states.includes('arriving'))
        this.#state.blame(`${name} keeps too much`)
    }
  }

  /** A turn of the event loop is over: what had settled before it has taken effect. */
  turned(): void {
    this.#state.heldUp.clear()
    this.#state.laggards.clear()
    for (const batch of this.#state.batches) if (batch.state === 'settled') this.#apply(batch)
    this.#queues.tidy()
  }

  /** True if nothing need be stored for it, and nothing holds it up. */
  isImmediate(batch: Batch): boolean {
    if ([...batch.adds, ...batch.removes].some(({ isPersistent }) => isPersistent)) return false
    const others = this.#state.batches.filter((each) => each !== batch && each.state !== 'applied')
    const heldUp = new Set([...this.#state.heldUp, ...others.flatMap(({ adds }) => adds.map(({ queue }) => queue))])
    if (this.#state.burying.length > 0) heldUp.add(DEAD_LETTERS)
    return !batch.adds.some(({ queue }) => heldUp.has(queue))
  }
}
