import { StompError } from '../../errors.js'
import type { Budget } from './budget.js'
import { isExpired } from './held-message.js'
import type { Consumer, QueueEntry } from './queue-entry.js'
import { QueueGaps } from './queue-gaps.js'
import { createQueueRoom, type QueueBounds, type QueueRoom } from './queue-room.js'
import type { Rate } from './rate.js'
import type { ReadyList } from './ready-list.js'
import { createReadyLists, type ReadyLists } from './ready-lists.js'

/** What a queue tells its broker; none of these may throw. */
export interface QueueListener {
  /** An entry has left the queue for good without an answer: taken by an `auto` consumer. */
  settled(queue: Queue, entry: QueueEntry): void
  /** An entry's time was over; it has left the queue. */
  expired(queue: Queue, entry: QueueEntry): void
  /** An entry that has an end is gone, for whatever reason. */
  gone(): void
  /** A gap need not be told by itself any more: the message that tells of another tells of it. */
  gapJoined(queue: Queue, gap: number): void
  /** Nothing is kept and nobody listens. */
  idle(queue: Queue): void
}

/** What a queue is made of. */
export interface QueueParts {
  readonly name: string
  readonly bounds: QueueBounds
  readonly budget: Budget
  /** Time of day in ms since the epoch. */
  readonly epochMs: () => number
  readonly listener: QueueListener
  readonly published: Rate
  readonly delivered: Rate
}

/**
 * One queue: messages in the order of their places, and consumers that compete for them. Each message goes to one
 * consumer with credit; among several to the one that has waited longest for one. A consumer with a selector is given
 * the first message that matches, without holding up the others. A delivery costs the logarithm of what waits, and the
 * number of different selectors.
 */
export class Queue {
  readonly name: string
  readonly published: Rate
  readonly delivered: Rate
  readonly gaps: QueueGaps
  readonly #parts: QueueParts
  readonly #room: QueueRoom
  readonly #lists: ReadyLists = createReadyLists()
  readonly #consumers = new Set<Consumer>()
  #ready = 0
  #turn = 0
  #isDispatching = false
  #holds = 0
  #isEnded = false

  constructor(parts: QueueParts) {
    this.#parts = parts
    this.name = parts.name
    this.published = parts.published
    this.delivered = parts.delivered
    this.gaps = new QueueGaps((gap) => parts.listener.gapJoined(this, gap))
    this.#room = createQueueRoom(parts.bounds, parts.budget)
  }

  /** Messages that wait. */
  get depth(): number {
    return this.#ready
  }

  /** Bytes of all that is kept: waiting, given, or announced by `reserve`. */
  get bytes(): number {
    return this.#room.bytes
  }

  /** Messages that consumers have and not answered, and those on their way in or out. */
  get inFlight(): number {
    return this.#room.count - this.#ready
  }

  get consumerCount(): number {
    return this.#consumers.size
  }

  get isIdle(): boolean {
    return this.#room.count === 0 && this.#consumers.size === 0
  }

  /** True if more is kept than the bounds allow: `announce` does not ask. */
  get isOver(): boolean {
    return this.#room.isOver
  }

  /** True if a message of that size could be kept if the queue were empty. */
  mayEverHold(bytes: number): boolean {
    return this.#room.mayEverHold(bytes)
  }

  /** Sets room aside for a message to come. Throws STOMP_ERR_QUEUE_FULL. */
  reserve(bytes: number): void {
    if (!this.#room.hasRoom(bytes)) {
      // It may have been made for this very message.
      if (this.isIdle) this.#parts.listener.idle(this)
      throw new StompError('STOMP_ERR_QUEUE_FULL', { message: `The queue '${this.name}' is full` })
    }
    this.announce(bytes)
  }

  /** Sets room aside whatever the bounds say: for what was taken over before. */
  announce(bytes: number): void {
    this.#room.take(bytes)
  }

  /** Gives back what `reserve` has set aside. */
  release(bytes: number): void {
    this.#room.giveBack(bytes)
    if (this.isIdle) this.#parts.listener.idle(this)
  }

  /** Puts in an entry for which room was reserved: a new one, or one that comes back to its place. */
  put(entry: QueueEntry): void {
    this.#add(entry)
    this.#dispatch()
  }

  /** Puts back several: nobody is given one of them before all are in their places. */
  putAll(entries: readonly QueueEntry[]): void {
    for (const entry of entries) this.#add(entry)
    this.#dispatch()
  }

  /** An entry that was given is acknowledged: it leaves for good, and what it told is told. */
  acknowledge(entry: QueueEntry): void {
    this.gaps.answered(entry)
    this.settle(entry)
  }

  /** An entry that does not wait leaves for good, for whatever reason. */
  settle(entry: QueueEntry): void {
    entry.state = 'gone'
    this.gaps.leave(entry)
    if (entry.held.expiresAtMs !== undefined) this.#parts.listener.gone()
    this.release(entry.held.bytes)
  }

  /** An entry's time is over. Does nothing if a consumer has it: it is looked at again when it comes back. */
  expire(entry: QueueEntry): void {
    if (entry.state !== 'ready') return
    this.#ready--
    this.#expire(entry)
  }

  /** Forgets all that waits, and from now on whatever comes, or comes back. What consumers hold is theirs to answer. */
  end(): void {
    this.#isEnded = true
    for (const entry of this.#lists.all.entries()) {
      this.#ready--
      this.settle(entry)
    }
    this.#lists.tidy(this.#ready)
  }

  addConsumer(consumer: Consumer): void {
    this.#consumers.add(consumer)
    this.#lists.addConsumer(consumer)
    this.#dispatch()
  }

  /** What the consumer was given and has not answered stays with it: `put` that back. Harmless when repeated. */
  removeConsumer(consumer: Consumer): void {
    if (!this.#consumers.delete(consumer)) return
    this.#lists.removeConsumer(consumer)
    if (this.isIdle) this.#parts.listener.idle(this)
  }

  /** Gives nothing to anybody until what is returned is called: for what comes back from several consumers at once. */
  hold(): () => void {
    this.#holds++
    return () => {
      this.#holds--
      this.#dispatch()
    }
  }

  /** A consumer has credit again. */
  feed(consumer: Consumer): void {
    if (!this.#consumers.has(consumer)) return
    this.#lists.listOf(consumer)?.hungry.add(consumer)
    this.#dispatch()
  }

  /** Takes out the oldest entry that waits, as if for a consumer; undefined if none does. */
  takeOldest(): QueueEntry | undefined {
    const entry = this.#first(this.#lists.all)
    if (entry !== undefined) this.#take(entry, this.#lists.all)
    return entry
  }

  /** The oldest entries that wait, at most `limit`. Costs the number of all that wait. */
  oldest(limit: number): readonly QueueEntry[] {
    const entries = this.#lists.all.entries()
    return entries.sort((a, b) => a.position - b.position).slice(0, limit)
  }

  /** Takes out one that waits; false if it does not (any more). */
  takeOut(entry: QueueEntry): boolean {
    if (entry.state !== 'ready') return false
    entry.state = 'given'
    this.#ready--
    this.#lists.tidy(this.#ready)
    return true
  }

  #add(entry: QueueEntry): void {
    if (this.#isEnded) return this.settle(entry)
    if (isExpired(entry.held, this.#parts.epochMs)) return this.#expire(entry)
    entry.state = 'ready'
    this.#ready++
    this.#lists.add(entry)
  }

  // What a consumer does when it is given an entry may come back here (its session ends, say): one loop sees to it all.
  #dispatch(): void {
    if (this.#isDispatching || this.#holds > 0) return
    this.#isDispatching = true
    try {
      const first = (list: ReadyList): QueueEntry | undefined => this.#first(list)
      for (let list = this.#lists.next(first); list !== undefined; list = this.#lists.next(first)) this.#give(list)
    } finally {
      this.#isDispatching = false
    }
    this.#lists.tidy(this.#ready)
  }

  #give(list: ReadyList): void {
    // The entry first: its time may be over by now, and a consumer that is out of turn for nothing would not come back.
    const entry = this.#first(list)
    const consumer = entry && list.nextConsumer()
    if (consumer === undefined || entry === undefined) return
    list.served = ++this.#turn
    this.#take(entry, list)
    this.gaps.tell(entry)
    const given = consumer.give(entry)
    if (given === 'refused') return this.#add(entry)
    this.delivered.count()
    if (given === 'settled') {
      this.#parts.listener.settled(this, entry)
      this.acknowledge(entry)
    }
    if (this.#consumers.has(consumer) && consumer.hasCredit()) list.hungry.add(consumer)
  }

  #take(entry: QueueEntry, list: ReadyList): void {
    list.drop()
    entry.state = 'given'
    this.#ready--
  }

  /** The first entry of a list that is really there. */
  #first(list: ReadyList): QueueEntry | undefined {
    for (let entry = list.first(); entry !== undefined; entry = list.first()) {
      if (entry.state === 'ready') {
        if (!isExpired(entry.held, this.#parts.epochMs)) return entry
        this.expire(entry)
      }
      list.drop()
    }
    return undefined
  }

  #expire(entry: QueueEntry): void {
    this.settle(entry)
    this.#parts.listener.expired(this, entry)
  }
}
