import { toStompError } from '../../errors.js'
import type { Delivery } from '../../message/delivery.js'
import type { Message } from '../../message/message.js'
import type { Selector } from '../selectors/selector.js'
import { type Backlog, createBacklog, type Waiting } from './backlog.js'
import { isExpired } from './held-message.js'
import type { Missed } from './history.js'
import {
  type Answer,
  type ChannelFlow,
  deliveryOf,
  type LiveSubscription,
  type SubscriptionInit,
} from './live-subscription.js'
import type { Rate } from './rate.js'
import { isSelected } from './selected.js'
import { NO_STEP, type Step } from './step.js'
import { createUnacked, type Unacked, writeAck } from './unacked.js'

/** What all topic subscriptions of a broker share. */
export interface TopicSubscriptionParts {
  /** Of what one waits for, how many messages at most. */
  readonly maxBacklog: number
  readonly epochMs: () => number
  readonly ended: (subscription: TopicSubscription) => void
}

/** A destination or pattern that somebody is subscribed to: one for all of its subscriptions. */
export interface SubscribedTopic {
  readonly destination: string
  readonly segments: readonly string[]
  /** Counts what is delivered there. */
  readonly delivered: Rate
}

/**
 * One subscription to a topic. Acknowledgement gives credit only: what was given is never given again. Without
 * acknowledgement and replay a message goes straight through.
 */
export class TopicSubscription implements LiveSubscription {
  readonly number: number
  readonly topic: SubscribedTopic
  readonly #parts: TopicSubscriptionParts
  readonly #flow: ChannelFlow
  readonly #selector: Selector | undefined
  readonly #delivery: Delivery
  readonly #prefetch: number
  readonly #unacked: Unacked<undefined> | undefined
  /** Made when something waits for the first time. */
  #backlog: Backlog | undefined
  #isPlain: boolean
  /** The next one that is published comes after a gap. */
  #isAfterGap = false
  /** The next one that is given comes after a gap. */
  #isGapAhead = false
  #isEnded = false

  constructor(
    { request, demands, number, flow }: SubscriptionInit,
    topic: SubscribedTopic,
    parts: TopicSubscriptionParts,
  ) {
    this.number = number
    this.topic = topic
    this.#parts = parts
    this.#flow = flow
    this.#selector = demands.selector
    this.#delivery = deliveryOf(request)
    this.#prefetch = demands.prefetch
    this.#unacked = demands.mode === 'auto' ? undefined : createUnacked(demands.mode === 'client')
    this.#isPlain = this.#unacked === undefined
  }

  /** Gives what was missed, before anything new. */
  replay({ entries, isAfterGap, isBeforeGap }: Missed): void {
    this.#isPlain = false
    const waiting: Waiting[] = []
    let isGapAhead = isAfterGap
    for (const { held, isAfterGap: isGap } of entries) {
      isGapAhead ||= isGap
      if (!isSelected(this.#selector, held.message)) continue
      const { message, expiresAtMs } = held
      waiting.push({ message, expiresAtMs, isAfterGap: isGapAhead })
      isGapAhead = false
    }
    this.#isAfterGap = isGapAhead || isBeforeGap
    this.#waiting.replay(waiting)
    this.#pump()
  }

  /** Something that was published may not have come this far: the next one says so. */
  miss(): void {
    this.#isPlain = false
    this.#isAfterGap = true
  }

  /** One message that was published, `nowMs`. */
  offer(message: Message, expiresAtMs: number | undefined, nowMs: number): void {
    if (!isSelected(this.#selector, message)) return
    this.topic.delivered.count(1, nowMs)
    if (this.#isPlain) {
      if (this.#flow.subscriber.deliver(message, this.#delivery) === 'full') this.#flow.isFull = true
      return
    }
    if (this.#isEnded) return
    const waiting: Waiting = { message, expiresAtMs, isAfterGap: this.#isAfterGap }
    this.#isAfterGap = false
    try {
      this.#waiting.add(waiting)
    } catch (error) {
      this.#isEnded = true
      this.#flow.subscriber.refuse(toStompError(error, 'STOMP_ERR_SLOW_READER'))
      return
    }
    this.#pump()
  }

  ready(): void {
    this.#pump()
  }

  answer({ messageId, delivery }: Answer, taken: Set<unknown>): Step | undefined {
    const unacked = this.#unacked
    // Some clients acknowledge whatever they get.
    if (unacked === undefined) return NO_STEP
    const given = unacked.find(messageId, delivery, taken)
    if (given === undefined) return undefined
    for (const item of given) taken.add(item)
    return {
      ...NO_STEP,
      accept: () => {
        for (const unanswered of given) unacked.remove(unanswered)
      },
      apply: () => this.#pump(),
      undo: () => this.#pump(),
    }
  }

  hold(): () => void {
    return () => {}
  }

  end(): undefined {
    this.#isEnded = true
    this.#isPlain = false
    this.#parts.ended(this)
  }

  #pump(): void {
    while (!this.#isEnded && !this.#flow.isFull && this.#hasCredit) {
      const next = this.#backlog?.shift()
      if (next === undefined) break
      if (!isExpired(next, this.#parts.epochMs)) this.#give(next)
      // What is gone leaves its gap to the next one.
      else if (next.isAfterGap) this.#isGapAhead = true
    }
    const isTold = !this.#isAfterGap && !this.#isGapAhead
    if (this.#unacked === undefined && !this.#backlog?.size && isTold && !this.#isEnded) this.#isPlain = true
  }

  get #waiting(): Backlog {
    this.#backlog ??= createBacklog(this.#parts.maxBacklog)
    return this.#backlog
  }

  get #hasCredit(): boolean {
    return this.#unacked === undefined || this.#unacked.size < this.#prefetch
  }

  #give({ message, isAfterGap: isGap }: Waiting): void {
    const isAfterGap = isGap || this.#isGapAhead
    this.#isGapAhead = false
    const unanswered = this.#unacked?.add(message.id, undefined)
    let delivery = this.#delivery
    if (unanswered !== undefined) {
      delivery = { ...delivery, ack: writeAck(this.number, unanswered.delivery, message.id) }
    }
    if (isAfterGap) delivery = { ...delivery, isAfterGap }
    const taken = this.#flow.subscriber.deliver(message, delivery)
    if (taken === 'full') this.#flow.isFull = true
    if (taken === 'dropped' && unanswered !== undefined) this.#unacked?.takeBack(unanswered)
  }
}
