import { StompError } from '../../errors.js'
import type { Settled, SubscribeRequest } from '../broker.js'
import type { BrokerParts } from '../broker-factory.js'
import type { ChannelFlow } from '../embedded/live-subscription.js'
import { createRate } from '../embedded/rate.js'
import type { SubscribeDemands } from '../embedded/subscribe-demands.js'
import { TopicSubscription, type TopicSubscriptionParts } from '../embedded/topic-subscription.js'
import { SharedTopic, type SharedTopicParts } from './shared-topic.js'

/** What the topics of one leg need. */
export interface SharedTopicsParts extends Omit<SharedTopicParts, 'refused'> {
  readonly after: BrokerParts['after']
  /** Names the queue that a broker may keep for a topic; unlike that of every other node. Undefined: it keeps none. */
  readonly queueNameOf: (destination: string) => string | undefined
  readonly maxTopics: number
  readonly maxBacklog: number
  /** How long a topic stays subscribed when nobody is left. */
  readonly lingerMs: number
  /** How long a SUBSCRIBE waits for the broker. */
  readonly waitMs: number
}

/** Who subscribes, and how. */
export interface TopicSubscribe {
  readonly request: SubscribeRequest
  readonly demands: SubscribeDemands
  readonly number: number
  readonly flow: ChannelFlow
}

/** The topics that clients of this node are subscribed to, each subscribed to once at the broker, over one leg. */
export interface SharedTopics {
  /**
   * Begins a local subscription; settled when the broker has the topic. Throws STOMP_ERR_DESTINATION_LIMIT and what the
   * profile refuses; rejects with the broker's refusal, or with STOMP_ERR_BROKER_UNAVAILABLE after a while in which the
   * broker has answered nothing.
   */
  subscribe(init: TopicSubscribe): { readonly subscription: TopicSubscription; readonly settled: Settled }
  /** Ends all of them at the broker. */
  close(): void
}

/** Makes topics without subscriptions. */
export function createSharedTopics(parts: SharedTopicsParts): SharedTopics {
  return new TopicTable(parts)
}

class TopicTable implements SharedTopics {
  readonly #parts: SharedTopicsParts
  readonly #topicParts: SharedTopicParts
  readonly #subscriptionParts: TopicSubscriptionParts
  readonly #topics = new Map<string, SharedTopic>()
  /** Topics that nobody is subscribed to any more, and when they end. */
  readonly #lingering = new Map<SharedTopic, { cancel(): void }>()
  readonly #topicOf = new Map<TopicSubscription, SharedTopic>()

  constructor(parts: SharedTopicsParts) {
    this.#parts = parts
    this.#topicParts = { ...parts, refused: (topic) => this.#forget(topic) }
    this.#subscriptionParts = {
      maxBacklog: parts.maxBacklog,
      epochMs: () => parts.clock.epochMs(),
      ended: (subscription) => this.#ended(subscription),
    }
  }

  subscribe(init: TopicSubscribe): { readonly subscription: TopicSubscription; readonly settled: Settled } {
    const { request, demands, flow } = init
    const topic = this.#open(request.destination)
    // The topic judges each selector once for all who have it.
    const own = { ...init, demands: { ...demands, selector: undefined } }
    const subscription = new TopicSubscription(own, topic, this.#subscriptionParts)
    topic.add(subscription, demands.selector, (error) => {
      this.#topicOf.delete(subscription)
      flow.subscriber.refuse(error)
    })
    this.#topicOf.set(subscription, topic)
    return { subscription, settled: topic.isThere ? undefined : this.#waitFor(topic, subscription) }
  }

  close(): void {
    for (const topic of [...this.#topics.values()]) {
      this.#forget(topic)
      topic.end()
    }
  }

  #open(destination: string): SharedTopic {
    const known = this.#topics.get(destination)
    if (known !== undefined) {
      this.#lingering.get(known)?.cancel()
      this.#lingering.delete(known)
      return known
    }
    const { syntax, maxTopics, clock, queueNameOf } = this.#parts
    const segments = syntax.segments(destination)
    if (segments === undefined) throw new StompError('STOMP_ERR_DESTINATION_INVALID')
    if (this.#topics.size >= maxTopics) this.#endLingering()
    const delivered = createRate(() => clock.now())
    const topic = new SharedTopic(destination, segments, queueNameOf(destination), delivered, this.#topicParts)
    this.#topics.set(destination, topic)
    return topic
  }

  #waitFor(topic: SharedTopic, subscription: TopicSubscription): Promise<void> {
    return new Promise((resolve, reject) => {
      let timer = { cancel: (): void => {} }
      const watch = (): void => {
        const { leg, after, waitMs } = this.#parts
        const { answeredCount } = leg
        timer = after(waitMs, () => {
          // Many topics at once take a broker their time.
          if (leg.answeredCount > answeredCount) return watch()
          reject(new StompError('STOMP_ERR_BROKER_UNAVAILABLE'))
          subscription.end()
        })
      }
      watch()
      topic.await(subscription, {
        there: () => {
          timer.cancel()
          resolve()
        },
        refused: (error) => {
          timer.cancel()
          this.#topicOf.delete(subscription)
          reject(error)
        },
        // Its session has ended: nobody waits any more.
        ended: () => {
          timer.cancel()
          resolve()
        },
      })
    })
  }

  #ended(subscription: TopicSubscription): void {
    const topic = this.#topicOf.get(subscription)
    if (topic === undefined) return
    this.#topicOf.delete(subscription)
    topic.remove(subscription)
    if (topic.count > 0 || this.#topics.get(topic.destination) !== topic) return
    const { lingerMs } = this.#parts
    if (lingerMs === 0) return this.#end(topic)
    this.#lingering.set(
      topic,
      this.#parts.after(lingerMs, () => this.#end(topic)),
    )
  }

  #endLingering(): void {
    for (const topic of [...this.#lingering.keys()]) this.#end(topic)
    if (this.#topics.size >= this.#parts.maxTopics) throw new StompError('STOMP_ERR_DESTINATION_LIMIT')
  }

  #end(topic: SharedTopic): void {
    this.#forget(topic)
    topic.end()
  }

  #forget(topic: SharedTopic): void {
    this.#lingering.get(topic)?.cancel()
    this.#lingering.delete(topic)
    if (this.#topics.get(topic.destination) === topic) this.#topics.delete(topic.destination)
  }
}
