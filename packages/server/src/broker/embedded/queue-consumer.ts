import type { Delivery } from '../../message/delivery.js'
import type { StoreChange } from '../../store/message-store.js'
import type { Settled } from '../broker.js'
import type { Selector } from '../selectors/selector.js'
import {
  type Answer,
  type ChannelFlow,
  deliveryOf,
  type LiveSubscription,
  type SubscriptionInit,
} from './live-subscription.js'
import type { Queue } from './queue.js'
import type { Consumer, Given, QueueEntry } from './queue-entry.js'
import { NO_STEP, type Step } from './step.js'
import { createUnacked, type Unacked, writeAck } from './unacked.js'

/** What the consumer of a queue needs besides. */
export interface QueueConsumerInit extends SubscriptionInit {
  readonly queue: Queue
  /** What the store must be told when these are acknowledged. */
  readonly acknowledgement: (queue: Queue, entries: readonly QueueEntry[]) => readonly StoreChange[]
  /** An entry was given once more, and is held until it is answered. */
  readonly delivered: (queue: Queue, entry: QueueEntry) => void
  /** Entries come back, unanswered or refused: to their old places, or to the dead letters. */
  readonly giveBack: (queue: Queue, entries: readonly QueueEntry[]) => void
  readonly ended: (consumer: QueueConsumer, isForGood: boolean) => Settled
}

/** One subscription to a queue: takes messages as far as its credit goes, and settles them. */
export class QueueConsumer implements Consumer, LiveSubscription {
  readonly number: number
  readonly selector: Selector | undefined
  readonly queue: Queue
  readonly #init: QueueConsumerInit
  readonly #flow: ChannelFlow
  readonly #delivery: Delivery
  readonly #prefetch: number
  readonly #unacked: Unacked<QueueEntry> | undefined
  /** What the subscriber is being given: if it ends meanwhile, whether it has taken this is not known yet. */
  #giving: QueueEntry | undefined
  #isEnded = false

  constructor(init: QueueConsumerInit) {
    const { demands } = init
    this.number = init.number
    this.selector = demands.selector
    this.queue = init.queue
    this.#init = init
    this.#flow = init.flow
    this.#delivery = deliveryOf(init.request)
    this.#prefetch = demands.prefetch
    this.#unacked = demands.mode === 'auto' ? undefined : createUnacked(demands.mode === 'client')
  }

  hasCredit(): boolean {
    if (this.#isEnded || this.#flow.isFull) return false
    return this.#unacked === undefined || this.#unacked.size < this.#prefetch
  }

  give(entry: QueueEntry): Given {
    const { message } = entry.held
    const unacked = this.#unacked
    const again = entry.deliveries > 0 || entry.isUncertain
    let delivery = this.#delivery
    if (again) delivery = { ...delivery, redelivered: true, deliveryCount: entry.deliveries + 1 }
    if (entry.gap !== undefined) delivery = { ...delivery, isAfterGap: true }
    if (unacked === undefined) {
      if (!this.#deliver(entry, delivery)) return 'refused'
      return 'settled'
    }
    const unanswered = unacked.add(message.id, entry)
    entry.deliveries++
    delivery = { ...delivery, ack: writeAck(this.number, unanswered.delivery, message.id) }
    this.#giving = entry
    const isTaken = this.#deliver(entry, delivery)
    this.#giving = undefined
    if (!isTaken) {
      entry.deliveries--
      unacked.takeBack(unanswered)
      return 'refused'
    }
    this.#init.delivered(this.queue, entry)
    if (this.#isEnded) this.#init.giveBack(this.queue, [entry])
    return 'held'
  }

  ready(): void {
    if (this.hasCredit()) this.queue.feed(this)
  }

  answer({ isAck, messageId, delivery }: Answer, taken: Set<unknown>): Step | undefined {
    const unacked = this.#unacked
    // Some clients acknowledge whatever they get.
    if (unacked === undefined) return NO_STEP
    const meant = unacked.find(messageId, delivery, taken)
    if (meant === undefined) return undefined
    for (const unanswered of meant) taken.add(unanswered)
    const entries = meant.map(({ item }) => item)
    const accept = (): void => {
      for (const unanswered of meant) unacked.remove(unanswered)
    }
    const settle = (): void => {
      for (const entry of entries) this.queue.acknowledge(entry)
    }
    const giveBack = (): void => this.#init.giveBack(this.queue, entries)
    if (!isAck) return { ...NO_STEP, accept, apply: () => this.#andFeed(giveBack), undo: () => this.#andFeed(giveBack) }
    return {
      ...NO_STEP,
      changes: this.#init.acknowledgement(this.queue, entries),
      accept,
      apply: () => this.#andFeed(settle),
      undo: () => this.#andFeed(() => this.queue.putAll(entries)),
    }
  }

  hold(): () => void {
    return this.queue.hold()
  }

  end(isForGood: boolean): Settled {
    if (this.#isEnded) return undefined
    this.#isEnded = true
    this.queue.removeConsumer(this)
    const unanswered = this.#unacked?.clear() ?? []
    this.#init.giveBack(
      this.queue,
      unanswered.filter((entry) => entry !== this.#giving),
    )
    return this.#init.ended(this, isForGood)
  }

  #andFeed(effect: () => void): void {
    effect()
    this.ready()
  }

  /** False if it was not taken. */
  #deliver(entry: QueueEntry, delivery: Delivery): boolean {
    const taken = this.#flow.subscriber.deliver(entry.held.message, delivery)
    if (taken === 'dropped') return false
    if (taken === 'full') this.#flow.isFull = true
    return true
  }
}
