import { type DestinationSyntax, isPattern } from '../../destination/destination.js'
import { StompError } from '../../errors.js'
import type { Delivery } from '../../message/delivery.js'
import { createMessage } from '../../message/message.js'
import type { Observe } from '../../observe/events.js'
import type { Broker, BrokerRequest, Channel, Publication, Settled, Subscriber } from '../broker.js'
import { refuseBeyondPlain } from '../subscribe-headers.js'
import { createSubscriptionIndex, type SubscriptionIndex } from '../subscriptions/subscription-index.js'

/** Options of the broker inside the process. */
export interface EmbeddedBrokerOptions {
  /** Destinations at or below these are topics: each subscriber gets each message. @default ['/topic'] */
  readonly topics?: readonly string[]
  /** How many different destinations may be subscribed to at a time. @default 10000 */
  readonly maxDestinations?: number
}

/** What a broker is given by the application that it works in. */
export interface BrokerParts {
  readonly syntax: DestinationSyntax
  readonly nextMessageId: () => string
  readonly observe: Observe
}

/** Makes a broker when the application has its parts; see `embeddedBroker`. */
export type BrokerFactory = (parts: BrokerParts) => Broker

/**
 * A broker in this very process, for publish-subscribe on topics. Messages live only while they are delivered: a topic
 * without subscribers forgets them.
 *
 * Promises: requests of one channel take effect in order and at once; the messages of one publisher to one destination
 * reach each subscriber in order; every message reaches each subscription that was settled before it was published.
 */
export function embeddedBroker(options: EmbeddedBrokerOptions = {}): BrokerFactory {
  return (parts) => new EmbeddedBroker(options, parts)
}

/** Each segment of a pattern costs a node of a few hundred bytes: one long header line must not buy a megabyte. */
const MAX_PATTERN_SEGMENTS = 32

interface TopicSubscription {
  readonly subscriber: Subscriber
  readonly delivery: Delivery
  readonly destination: string
  readonly segments: readonly string[]
}

class EmbeddedBroker implements Broker {
  readonly capabilities = { wildcards: true }
  readonly #parts: BrokerParts
  readonly #topics: readonly string[]
  readonly #maxDestinations: number
  readonly #index: SubscriptionIndex<TopicSubscription> = createSubscriptionIndex()
  #isClosed = false

  constructor(options: EmbeddedBrokerOptions, parts: BrokerParts) {
    this.#parts = parts
    this.#topics = options.topics ?? ['/topic']
    this.#maxDestinations = options.maxDestinations ?? 10_000
    for (const prefix of this.#topics) {
      const segments = parts.syntax.segments(prefix)
      if (segments === undefined || isPattern(segments)) throw new TypeError(`topics: '${prefix}' is not a destination`)
    }
  }

  attach(subscriber: Subscriber): Channel {
    const subscriptions = new Map<string, TopicSubscription>()
    let isDetached = false
    const unsubscribe = (id: string): void => {
      const subscription = subscriptions.get(id)
      if (subscription === undefined) return
      subscriptions.delete(id)
      this.#index.remove(subscription.destination, subscription.segments, subscription)
    }
    return {
      handle: (request: BrokerRequest): Settled => {
        switch (request.command) {
          case 'SEND':
            return this.publish(request)
          case 'SUBSCRIBE':
            if (isDetached) return undefined
            subscriptions.set(request.id, this.#subscribe(subscriber, request))
            return undefined
          case 'UNSUBSCRIBE':
            unsubscribe(request.id)
            return undefined
          default:
            return request satisfies never
        }
      },
      detach: () => {
        isDetached = true
        for (const id of [...subscriptions.keys()]) unsubscribe(id)
      },
    }
  }

  publish(publication: Publication): Settled {
    const { destination } = publication
    const segments = this.#segmentsOf(destination)
    if (this.#isClosed) return undefined
    const message = createMessage({
      id: this.#parts.nextMessageId(),
      destination,
      headers: publication.headers,
      body: publication.body,
      onHeaderLeftOut: (header, version) =>
        this.#parts.observe({ type: 'header-left-out', destination, header, version }),
    })
    this.#index.match(destination, segments, (subscription) => {
      subscription.subscriber.deliver(message, subscription.delivery)
    })
    return undefined
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  #subscribe(subscriber: Subscriber, request: BrokerRequest & { command: 'SUBSCRIBE' }): TopicSubscription {
    const { destination, shownId } = request
    const segments = this.#segmentsOf(destination)
    refuseBeyondPlain(request.headers)
    if (segments.length > MAX_PATTERN_SEGMENTS && isPattern(segments)) {
      throw new StompError('STOMP_ERR_DESTINATION_INVALID', {
        message: `A wildcard subscription may have at most ${MAX_PATTERN_SEGMENTS} segments`,
        cure: 'Subscribe to a shorter pattern: ** stands for any number of segments.',
      })
    }
    if (this.#index.destinationCount >= this.#maxDestinations && !this.#index.has(destination)) {
      throw new StompError('STOMP_ERR_DESTINATION_LIMIT')
    }
    const subscription = { subscriber, destination, segments, delivery: { subscription: shownId } }
    this.#index.add(destination, segments, subscription)
    return subscription
  }

  #segmentsOf(destination: string): readonly string[] {
    const segments = this.#parts.syntax.segments(destination)
    if (segments !== undefined && this.#topics.some((prefix) => this.#parts.syntax.isBelow(destination, prefix))) {
      return segments
    }
    throw new StompError('STOMP_ERR_DESTINATION_UNKNOWN', {
      message: `Nothing is served at '${destination}'`,
      cure: `This broker serves topics at or below ${this.#topics.join(', ')}.`,
    })
  }
}
