import { StompError } from '../../errors.js'
import type { Observe } from '../../observe/events.js'
import type { StoreChange, StoredEntry } from '../../store/message-store.js'
import { INNER } from '../broker.js'
import type { Budget } from './budget.js'
import { createExpiry, type Expiry } from './expiry.js'
import { type HeldMessage, toStored } from './held-message.js'
import { Queue, type QueueListener } from './queue.js'
import type { QueueEntry } from './queue-entry.js'
import type { QueueBounds } from './queue-room.js'
import { createRate } from './rate.js'
import type { Step } from './step.js'

/** What the queues of a broker share. */
export interface QueueTableParts {
  readonly bounds: QueueBounds
  readonly budget: Budget
  readonly observe: Observe
  /** Time of day in ms since the epoch. */
  readonly epochMs: () => number
  /** Monotonic, in ms. */
  readonly nowMs: () => number
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
  readonly nextPosition: () => number
  /** Tells the store what nobody waits for; undefined where nothing is stored. */
  readonly storeLater: ((changes: readonly StoreChange[]) => void) | undefined
  /** Throws STOMP_ERR_DESTINATION_LIMIT if there may not be one more destination. */
  readonly checkLimit: () => void
}

/**
 * All queues by name, those of durable subscriptions and the temporary ones too. A queue is made when it is first
 * named, and goes when nothing is kept in it and nobody listens, unless it is pinned.
 */
export interface QueueTable {
  /** How many there are, not counting temporary queues: those are bounded for each session. */
  readonly count: number
  get(name: string): Queue | undefined
  /** The queue of this name, made if need be. */
  open(name: string, options?: { readonly isPinned: boolean }): Queue
  /** Forgets a queue with all that waits in it or is on its way; what consumers hold is theirs until they answer. */
  delete(name: string): void
  all(): IterableIterator<Queue>
  /** Plans to put in a message. Throws STOMP_ERR_QUEUE_FULL, unless `isForced`. */
  planPut(
    queue: Queue,
    held: HeldMessage,
    options?: { readonly isForced?: boolean; readonly isAfterGap?: boolean },
  ): Step
  /** Puts back what the store has kept. */
  restore(queue: Queue, entry: StoredEntry, held: HeldMessage, isUncertain: boolean): void
  /** Settles an entry that nobody will answer; the store is told soon. */
  drop(queue: Queue, entry: QueueEntry): void
  /** What the store must be told when these leave. */
  removal(queue: Queue, entries: readonly QueueEntry[]): readonly StoreChange[]
  /** Tells the store that an entry was delivered once more. */
  noteDelivery(queue: Queue, entry: QueueEntry): void
  /** Stops watching the time. */
  close(): void
}

/** Makes an empty table. */
export function createQueueTable(parts: QueueTableParts): QueueTable {
  return new Queues(parts)
}

class Queues implements QueueTable, QueueListener {
  readonly #parts: QueueTableParts
  readonly #queues = new Map<string, Queue>()
  readonly #pinned = new Set<string>()
  #innerCount = 0
  readonly #expiry: Expiry

  constructor(parts: QueueTableParts) {
    this.#parts = parts
    this.#expiry = createExpiry(parts.epochMs, parts.after)
  }

  get count(): number {
    return this.#queues.size - this.#innerCount
  }

  get(name: string): Queue | undefined {
    return this.#queues.get(name)
  }

  open(name: string, { isPinned } = { isPinned: false }): Queue {
    const known = this.#queues.get(name)
    if (known !== undefined) return known
    const { bounds, budget, epochMs, nowMs } = this.#parts
    if (name.startsWith(INNER)) this.#innerCount++
    else this.#parts.checkLimit()
    if (isPinned) this.#pinned.add(name)
    const [published, delivered] = [createRate(nowMs), createRate(nowMs)]
    const queue = new Queue({ name, bounds, budget, epochMs, listener: this, published, delivered })
    this.#queues.set(name, queue)
    return queue
  }

  delete(name: string): void {
    this.#pinned.delete(name)
    const queue = this.#queues.get(name)
    if (queue === undefined) return
    this.#forget(queue)
    queue.end()
  }

  all(): IterableIterator<Queue> {
    return this.#queues.values()
  }

  planPut(queue: Queue, held: HeldMessage, { isForced = false, isAfterGap = false } = {}): Step {
    if (isForced) queue.announce(held.bytes)
    else queue.reserve(held.bytes)
    const position = this.#parts.nextPosition()
    const entry: QueueEntry = { position, held, deliveries: 0, isUncertain: false, isAfterGap, state: 'given' }
    const changes: StoreChange[] = this.#isStored(queue, held)
      ? [{ kind: 'add', shelf: queue.name, position, message: toStored(held), deliveries: 0 }]
      : []
    return {
      changes,
      destinations: [queue.name],
      accept: () => {},
      abandon: () => queue.release(held.bytes),
      apply: () => {
        queue.published.count()
        this.#put(queue, entry)
      },
      undo: () => queue.release(held.bytes),
    }
  }

  restore(queue: Queue, { position, deliveries }: StoredEntry, held: HeldMessage, isUncertain: boolean): void {
    // What was taken over stays, even if the bounds are narrower now.
    queue.announce(held.bytes)
    this.#put(queue, { position, held, deliveries, isUncertain, isAfterGap: false, state: 'given' })
  }

  removal(queue: Queue, entries: readonly QueueEntry[]): readonly StoreChange[] {
    const changes: StoreChange[] = []
    for (const { held, position } of entries) {
      if (this.#isStored(queue, held)) changes.push({ kind: 'remove', shelf: queue.name, position })
    }
    return changes
  }

  drop(queue: Queue, entry: QueueEntry): void {
    queue.settle(entry)
    this.settled(queue, entry)
  }

  noteDelivery(queue: Queue, { held, position, deliveries }: QueueEntry): void {
    if (!this.#isStored(queue, held)) return
    this.#parts.storeLater?.([{ kind: 'delivered', shelf: queue.name, position, deliveries }])
  }

  close(): void {
    this.#expiry.stop()
  }

  // From the queues.

  settled(queue: Queue, entry: QueueEntry): void {
    const changes = this.removal(queue, [entry])
    if (changes.length > 0) this.#parts.storeLater?.(changes)
  }

  expired(queue: Queue, entry: QueueEntry): void {
    this.settled(queue, entry)
    const { id, destination } = entry.held.message
    this.#parts.observe({ type: 'message-expired', destination, messageId: id })
  }

  gone(): void {
    this.#expiry.gone()
  }

  idle(queue: Queue): void {
    if (!this.#pinned.has(queue.name)) this.#forget(queue)
  }

  #forget(queue: Queue): void {
    if (this.#queues.get(queue.name) !== queue) return
    this.#queues.delete(queue.name)
    if (queue.name.startsWith(INNER)) this.#innerCount--
  }

  #put(queue: Queue, entry: QueueEntry): void {
    queue.put(entry)
    if (entry.held.expiresAtMs !== undefined && entry.state !== 'gone') this.#expiry.watch(queue, entry)
  }

  #isStored(queue: Queue, { isPersistent }: HeldMessage): boolean {
    return isPersistent && this.#parts.storeLater !== undefined && !queue.name.startsWith(INNER)
  }
}

/** For a destination that is not there. */
export function unknownQueue(name: string): StompError {
  return new StompError('STOMP_ERR_DESTINATION_UNKNOWN', { message: `There is no queue '${name}'` })
}
