import type { Message } from '../../message/message.js'
import type { StoreChange } from '../../store/message-store.js'
import { type DestinationReport, INNER } from '../broker.js'
import { createSubscriptionIndex, type SubscriptionIndex } from '../subscriptions/subscription-index.js'
import type { DurableSubscriptions } from './durable-subscriptions.js'
import { type HeldMessage, isExpired, toStored } from './held-message.js'
import { createHistories, HISTORY_SHELF, type Histories, type HistoriesParts } from './histories.js'
import type { Missed } from './history.js'
import { createRate, type Rate } from './rate.js'
import { NO_STEP, type Step } from './step.js'
import type { SubscribeDemands } from './subscribe-demands.js'
import type { SubscribedTopic, TopicSubscription } from './topic-subscription.js'

/** What the topics of a broker share. */
export interface TopicsParts extends HistoriesParts {
  readonly durables: DurableSubscriptions
  /** Monotonic, in ms. */
  readonly nowMs: () => number
  /** Throws STOMP_ERR_DESTINATION_LIMIT if there may not be one more destination. */
  readonly checkLimit: () => void
}

/** The topics of a broker: live subscriptions, durable ones, and histories. */
export interface Topics {
  /** Destinations that have live subscriptions (patterns included), or a history; inner ones are not counted. */
  readonly count: number
  /** The topic of this name if it has subscriptions, and nothing that is published there is kept for anybody. */
  plain(destination: string): PlainTopic | undefined
  /** Publishes at a plain topic what never expires. */
  give(topic: PlainTopic, message: Message): void
  /** Plans to publish. Throws STOMP_ERR_DESTINATION_LIMIT where a history would begin. */
  planPublish(destination: string, segments: readonly string[], held: HeldMessage): Step
  /** What a new subscription has missed. Throws STOMP_ERR_UNSUPPORTED where there is no history. */
  missed(destination: string, segments: readonly string[], replay: NonNullable<SubscribeDemands['replay']>): Missed
  /** What a subscription there belongs to; `add` follows at once. Throws STOMP_ERR_DESTINATION_LIMIT. */
  open(destination: string, segments: readonly string[]): SubscribedTopic
  add(subscription: TopicSubscription): void
  remove(subscription: TopicSubscription): void
  /** Forgets what is too old. */
  forgetOld(): void
  /** From now on nothing is delivered: what is still on its way goes where it is kept. */
  close(): void
  /** Puts back what the store has kept; false if no history is kept there any more. */
  restore(destination: string, segments: readonly string[], position: number, held: HeldMessage): boolean
  /** After a restart: behind these places each history may lack something. */
  markGaps(gaps: readonly number[]): void
  /** Those with live subscriptions, and those with a history. */
  report(): readonly DestinationReport[]
}

/** A topic whose messages go to those who have subscribed now, and nowhere else. */
export interface PlainTopic extends SubscribedTopic {
  readonly published: Rate
}

/** What is known of a destination besides its subscriptions and its history. */
interface Topic extends PlainTopic {
  /** True if its messages are remembered. */
  readonly isKept: boolean
}

/** Makes topics without subscriptions. */
export function createTopics(parts: TopicsParts): Topics {
  return new TopicRoom(parts)
}

/** A publication that nobody keeps: most are. */
class PlainStep implements Step {
  readonly changes = NO_STEP.changes
  readonly destinations: readonly string[]
  readonly #room: TopicRoom
  readonly #segments: readonly string[]
  readonly #held: HeldMessage

  constructor(room: TopicRoom, destination: string, segments: readonly string[], held: HeldMessage) {
    this.destinations = [destination]
    this.#room = room
    this.#segments = segments
    this.#held = held
  }

  apply(): void {
    this.#room.fanOut(this.#held, this.#segments)
  }

  accept(): void {}
  abandon(): void {}
  undo(): void {}
}

class TopicRoom implements Topics {
  readonly #parts: TopicsParts
  readonly #index: SubscriptionIndex<TopicSubscription> = createSubscriptionIndex()
  readonly #histories: Histories
  /** Of those that have subscriptions or a history. */
  readonly #topics = new Map<string, Topic>()
  #innerCount = 0
  #isClosed = false

  constructor(parts: TopicsParts) {
    this.#parts = parts
    this.#histories = createHistories(parts, (destination) => this.#forget(destination))
  }

  get count(): number {
    return this.#index.destinationCount - this.#innerCount + this.#histories.count
  }

  plain(destination: string): PlainTopic | undefined {
    if (this.#parts.durables.count > 0) return undefined
    const topic = this.#topics.get(destination)
    return topic?.isKept === false ? topic : undefined
  }

  give({ destination, segments, published }: PlainTopic, message: Message): void {
    const nowMs = this.#parts.nowMs()
    published.count(1, nowMs)
    this.#index.match(destination, segments, (subscription) => subscription.offer(message, undefined, nowMs))
  }

  planPublish(destination: string, segments: readonly string[], held: HeldMessage): Step {
    const isKept = this.#histories.isKept(segments)
    if (!isKept && this.#parts.durables.count === 0) return new PlainStep(this, destination, segments, held)
    return this.#planKept(destination, segments, held, isKept)
  }

  #planKept(destination: string, segments: readonly string[], held: HeldMessage, isKept: boolean): Step {
    if (isKept && this.#histories.get(destination) === undefined) this.#parts.checkLimit()
    const fills = this.#parts.durables.planFill(destination, segments, held)
    if (!isKept && fills.length === 0) return new PlainStep(this, destination, segments, held)
    const position = this.#parts.nextPosition()
    const changes = fills.flatMap((fill) => fill.changes)
    const keep = isKept ? this.#keepChange(destination, position, held) : undefined
    if (keep !== undefined && held.isPersistent) changes.push(keep)
    return {
      changes,
      destinations: [destination, ...fills.flatMap((fill) => fill.destinations)],
      accept: () => {
        // A history without holes after a restart holds all its messages, not only the persistent ones.
        if (keep !== undefined && !held.isPersistent) this.#parts.storeLater?.([keep])
      },
      apply: () => {
        if (isKept) {
          this.#keep(destination, segments)
          this.#histories.add(destination, segments, position, held)
        }
        for (const fill of fills) fill.apply()
        this.fanOut(held, segments)
      },
      abandon: () => {
        for (const fill of fills) fill.abandon()
      },
      undo: () => {
        for (const fill of fills) fill.undo()
      },
    }
  }

  missed(destination: string, segments: readonly string[], replay: NonNullable<SubscribeDemands['replay']>): Missed {
    return this.#histories.missed(destination, segments, replay)
  }

  open(destination: string, segments: readonly string[]): SubscribedTopic {
    // Those of users are bounded by the subscriptions of each session.
    if (!this.#index.has(destination) && !destination.startsWith(INNER)) this.#parts.checkLimit()
    return this.#keep(destination, segments)
  }

  add(subscription: TopicSubscription): void {
    const { destination, segments } = subscription.topic
    if (!this.#index.has(destination) && destination.startsWith(INNER)) this.#innerCount++
    this.#index.add(destination, segments, subscription)
  }

  remove(subscription: TopicSubscription): void {
    const { destination, segments } = subscription.topic
    if (!this.#index.has(destination)) return
    this.#index.remove(destination, segments, subscription)
    if (this.#index.has(destination)) return
    if (destination.startsWith(INNER)) this.#innerCount--
    this.#forget(destination)
  }

  forgetOld(): void {
    this.#histories.forgetOld()
  }

  close(): void {
    this.#isClosed = true
  }

  restore(destination: string, segments: readonly string[], position: number, held: HeldMessage): boolean {
    if (!this.#histories.isKept(segments)) return false
    this.#keep(destination, segments)
    this.#histories.restore(destination, segments, position, held)
    return true
  }

  markGaps(gaps: readonly number[]): void {
    this.#histories.markGaps(gaps)
  }

  report(): readonly DestinationReport[] {
    const names = new Set([...this.#index.destinations(), ...this.#histories.destinations()])
    return [...names].map((destination) => {
      const history = this.#histories.get(destination)
      const topic = this.#topics.get(destination)
      return {
        destination,
        kind: 'topic',
        depth: history?.size ?? 0,
        bytes: history?.bytes ?? 0,
        consumers: this.#index.count(destination),
        inFlight: 0,
        publishedPerSecond: topic?.published.perSecond() ?? 0,
        deliveredPerSecond: topic?.delivered.perSecond() ?? 0,
      }
    })
  }

  /** To whoever has subscribed, now. */
  fanOut(held: HeldMessage, segments: readonly string[]): void {
    if (this.#isClosed || isExpired(held, this.#parts.epochMs)) return
    const { message, expiresAtMs } = held
    const { destination } = message
    const nowMs = this.#parts.nowMs()
    this.#topics.get(destination)?.published.count(1, nowMs)
    this.#index.match(destination, segments, (subscription) => subscription.offer(message, expiresAtMs, nowMs))
  }

  #keepChange(destination: string, position: number, held: HeldMessage): StoreChange {
    return { kind: 'add', shelf: HISTORY_SHELF + destination, position, message: toStored(held), deliveries: 0 }
  }

  #keep(destination: string, segments: readonly string[]): Topic {
    const known = this.#topics.get(destination)
    if (known !== undefined) return known
    const { nowMs } = this.#parts
    const isKept = this.#histories.isKept(segments)
    const topic = { destination, segments, isKept, published: createRate(nowMs), delivered: createRate(nowMs) }
    this.#topics.set(destination, topic)
    return topic
  }

  #forget(destination: string): void {
    if (!this.#index.has(destination) && this.#histories.get(destination) === undefined)
      this.#topics.delete(destination)
  }
}
