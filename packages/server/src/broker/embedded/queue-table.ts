import { StompError } from '../../errors.js'
import type { Observe } from '../../observe/events.js'
import type { StoreChange, StoredEntry } from '../../store/message-store.js'
import { INNER } from '../broker.js'
import type { Budget } from './budget.js'
import { createExpiry, type Expiry } from './expiry.js'
import type { HeldMessage } from './held-message.js'
import { Queue, type QueueListener } from './queue.js'
import type { QueueEntry } from './queue-entry.js'
import { createQueueRecords, type QueueRecords } from './queue-records.js'
import type { QueueBounds } from './queue-room.js'
import { createRate } from './rate.js'
import { NO_STEP, type Step } from './step.js'

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
  planPut(queue: Queue, held: HeldMessage, options?: { readonly isForced?: boolean }): Step
  /** Plans to do without a message that cannot be kept: the next one that comes says so. */
  planGap(queue: Queue, held: HeldMessage): Step
  /** Puts back what the store has kept. */
  restore(queue: Queue, entry: StoredEntry, held: HeldMessage, isUncertain: boolean): void
  /** Drops an entry that was taken out: the next one that is given says so. The store is told soon. */
  drop(queue: Queue, entry: QueueEntry): void
  /** What the store must be told when these are acknowledged. */
  acknowledgement(queue: Queue, entries: readonly QueueEntry[]): readonly StoreChange[]
  /** The same when they leave for another reason: what they would have told is still to be told. */
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
  /** Those that had no room for the last message. */
  readonly #full = new Set<Queue>()
  #innerCount = 0
  readonly #expiry: Expiry
  readonly #records: QueueRecords

  constructor(parts: QueueTableParts) {
    this.#parts = parts
    this.#expiry = createExpiry(parts.epochMs, parts.after)
    this.#records = createQueueRecords(parts.storeLater !== undefined)
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

  planPut(queue: Queue, held: HeldMessage, { isForced = false } = {}): Step {
    if (isForced) queue.announce(held.bytes)
    else this.#reserve(queue, held.bytes)
    const position = this.#parts.nextPosition()
    const entry: QueueEntry = { position, held, deliveries: 0, isUncertain: false, gap: undefined, state: 'given' }
    return {
      changes: this.#records.addition(queue.name, entry),
      destinations: [queue.name],
      accept: () => {},
      abandon: () => queue.release(held.bytes),
      apply: () => {
        queue.published.count()
        queue.gaps.come(entry)
        this.#put(queue, entry)
      },
      undo: () => queue.release(held.bytes),
    }
  }

  planGap(queue: Queue, { isPersistent }: HeldMessage): Step {
    const gap = this.#parts.nextPosition()
    const changes = this.#records.gap(queue.name, gap, true)
    return {
      ...NO_STEP,
      // As the message: who would have waited until that is stored waits for this instead.
      changes: isPersistent ? changes : [],
      apply: () => {
        const isNew = queue.gaps.add(gap)
        if (isNew && !isPersistent) this.#storeLater(changes)
        if (!isNew && isPersistent) this.gapJoined(queue, gap)
      },
    }
  }

  restore(queue: Queue, { position, deliveries }: StoredEntry, held: HeldMessage, isUncertain: boolean): void {
    // What was taken over stays, even if the bounds are narrower now.
    queue.announce(held.bytes)
    const entry: QueueEntry = { position, held, deliveries, isUncertain, gap: undefined, state: 'given' }
    queue.gaps.come(entry)
    this.#put(queue, entry)
  }

  removal(queue: Queue, entries: readonly QueueEntry[]): readonly StoreChange[] {
    return entries.flatMap((entry) => this.#records.removal(queue.name, entry))
  }

  acknowledgement(queue: Queue, entries: readonly QueueEntry[]): readonly StoreChange[] {
    return entries.flatMap((entry) => this.#records.acknowledgement(queue.name, entry))
  }

  drop(queue: Queue, entry: QueueEntry): void {
    // Together: a crash in between would leave a gap of which nobody is told.
    const changes = [...this.#records.removal(queue.name, entry)]
    if (queue.gaps.drop(entry)) changes.push(...this.#records.gap(queue.name, entry.position, true))
    queue.settle(entry)
    this.#storeLater(changes)
  }

  noteDelivery(queue: Queue, entry: QueueEntry): void {
    this.#storeLater(this.#records.delivery(queue.name, entry))
  }

  close(): void {
    this.#expiry.stop()
  }

  // From the queues.

  settled(queue: Queue, entry: QueueEntry): void {
    this.#storeLater(this.#records.acknowledgement(queue.name, entry))
  }

  expired(queue: Queue, entry: QueueEntry): void {
    this.#storeLater(this.#records.removal(queue.name, entry))
    const { id, destination } = entry.held.message
    this.#parts.observe({ type: 'message-expired', destination, messageId: id })
  }

  gone(): void {
    this.#expiry.gone()
  }

  gapJoined(queue: Queue, gap: number): void {
    this.#storeLater(this.#records.gap(queue.name, gap, false))
  }

  idle(queue: Queue): void {
    if (!this.#pinned.has(queue.name)) this.#forget(queue)
  }

  /** What is told once is told again when there has been room meanwhile. */
  #reserve(queue: Queue, bytes: number): void {
    try {
      queue.reserve(bytes)
      if (this.#full.size > 0) this.#full.delete(queue)
    } catch (error) {
      if (!this.#full.has(queue)) {
        const { name: destination, depth, bytes: keptBytes } = queue
        if (this.#queues.get(destination) === queue) this.#full.add(queue)
        this.#parts.observe({ type: 'queue-full', destination, depth, bytes: keptBytes })
      }
      throw error
    }
  }

  #forget(queue: Queue): void {
    if (this.#queues.get(queue.name) !== queue) return
    this.#queues.delete(queue.name)
    this.#full.delete(queue)
    if (queue.name.startsWith(INNER)) this.#innerCount--
  }

  #put(queue: Queue, entry: QueueEntry): void {
    queue.put(entry)
    if (entry.held.expiresAtMs !== undefined && entry.state !== 'gone') this.#expiry.watch(queue, entry)
  }

  #storeLater(changes: readonly StoreChange[]): void {
    if (changes.length > 0) this.#parts.storeLater?.(changes)
  }
}

/** For a destination that is not there. */
export function unknownQueue(name: string): StompError {
  return new StompError('STOMP_ERR_DESTINATION_UNKNOWN', { message: `There is no queue '${name}'` })
}
