import { StompError } from '../../errors.js'
import type { MessageStore } from '../../store/message-store.js'
import type { ChannelOwner, Settled, SubscribeRequest, UnsubscribeRequest } from '../broker.js'
import type { DeadLetters } from './dead-letters.js'
import { type DurableSubscription, type DurableSubscriptions, durableName } from './durable-subscriptions.js'
import type { EmbeddedBrokerSettings } from './embedded-broker-options.js'
import type { ChannelFlow, LiveSubscription } from './live-subscription.js'
import type { Queue } from './queue.js'
import { QueueConsumer, type QueueConsumerInit } from './queue-consumer.js'
import type { QueueTable } from './queue-table.js'
import type { ServedDestinations } from './served-destinations.js'
import { readDemands, type SubscribeDemands } from './subscribe-demands.js'
import { TEMP_QUEUE } from './temp-queues.js'
import { TopicSubscription, type TopicSubscriptionParts } from './topic-subscription.js'
import type { Topics } from './topics.js'

/** What subscriptions need of the broker. */
export interface SubscriptionMakerParts {
  readonly settings: EmbeddedBrokerSettings
  readonly served: ServedDestinations
  readonly topics: Topics
  readonly queues: QueueTable
  readonly durables: DurableSubscriptions
  readonly deadLetters: DeadLetters
  readonly store: MessageStore | undefined
  /** Time of day in ms since the epoch. */
  readonly epochMs: () => number
  /** The queue of this name, made if need be; temporary ones too. Throws if nothing is served there. */
  readonly queueTarget: (name: string) => Queue
}

/** A subscription that is live; `settled` when it also outlives the process, where it is to. */
export interface MadeSubscription {
  readonly subscription: LiveSubscription
  readonly settled: Settled
}

/** Who subscribes. */
export interface Subscriber {
  /** Of the subscription in its channel. */
  readonly number: number
  readonly flow: ChannelFlow
  readonly owner: ChannelOwner
}

/** Makes subscriptions of all kinds out of SUBSCRIBE requests. */
export interface SubscriptionMaker {
  /** Begins a subscription, which may be given messages before this returns. Throws a StompError. */
  subscribe(request: SubscribeRequest, subscriber: Subscriber): MadeSubscription
  /** Ends a durable subscription that is not live. Throws STOMP_ERR_SUBSCRIPTION_UNKNOWN, or _EXISTS if it is live. */
  forget(request: UnsubscribeRequest, owner: ChannelOwner): Settled
}

/** Makes the maker. */
export function createSubscriptionMaker(parts: SubscriptionMakerParts): SubscriptionMaker {
  const { settings, served, topics, queues, durables, deadLetters, store } = parts
  const consumerParts: Pick<QueueConsumerInit, 'acknowledgement' | 'delivered' | 'giveBack'> = {
    acknowledgement: (queue, entries) => queues.acknowledgement(queue, entries),
    delivered: (queue, entry) => queues.noteDelivery(queue, entry),
    giveBack: (queue, entries) => deadLetters.giveBack(queue, entries),
  }

  const subscribeQueue = (request: SubscribeRequest, demands: SubscribeDemands, to: Subscriber): MadeSubscription => {
    if (demands.replay !== undefined) throw noReplay()
    const queue = parts.queueTarget(request.destination)
    const consumer = new QueueConsumer({ ...to, ...consumerParts, request, demands, queue, ended: () => undefined })
    queue.addConsumer(consumer)
    return { subscription: consumer, settled: undefined }
  }

  const topicParts: TopicSubscriptionParts = {
    maxBacklog: settings.maxBacklogMessages,
    epochMs: parts.epochMs,
    ended: (ended) => topics.remove(ended),
  }

  const subscribeTopic = (request: SubscribeRequest, demands: SubscribeDemands, to: Subscriber): MadeSubscription => {
    const { destination } = request
    const segments = served.topicSegments(destination)
    const missed = demands.replay && topics.missed(destination, segments, demands.replay)
    const topic = topics.open(destination, segments)
    const subscription = new TopicSubscription({ ...to, request, demands }, topic, topicParts)
    topics.add(subscription)
    if (missed !== undefined) subscription.replay(missed)
    return { subscription, settled: undefined }
  }

  const endDurable = (durable: DurableSubscription): Settled => {
    if (durables.get(durable.name) !== durable) return undefined
    const changes = durables.end(durable)
    return store?.commit(changes)
  }

  /** Whoever subscribes before it is stored waits as well; if it cannot be stored, it has never been there. */
  const storeDurable = (durable: DurableSubscription): Settled =>
    store?.commit([durables.note(durable)]).then(
      () => {
        durable.stored = undefined
      },
      (error: unknown) => {
        endDurable(durable)?.catch(() => {})
        throw error
      },
    )

  const subscribeDurable = (request: SubscribeRequest, demands: SubscribeDemands, to: Subscriber): MadeSubscription => {
    const { destination, shownId } = request
    if (!served.isTopic(destination)) {
      throw new StompError('STOMP_ERR_UNSUPPORTED', {
        message: 'Only subscriptions to topics can be durable',
        cure: 'Leave the header durable out: a queue keeps its messages anyway.',
      })
    }
    if (demands.replay !== undefined) throw noReplay()
    const segments = served.topicSegments(destination)
    const name = durableName(to.owner, demands.clientId, shownId)
    const isNew = durables.get(name) === undefined
    const durable = durables.open(name, destination, segments, demands.selector)
    const consumer = new QueueConsumer({
      // Its queue holds only what matches.
      ...{ ...to, ...consumerParts, request, queue: durable.queue, demands: { ...demands, selector: undefined } },
      ended: (_consumer, isForGood) => {
        durable.consumer = undefined
        return isForGood ? endDurable(durable) : undefined
      },
    })
    durable.consumer = consumer
    durable.queue.addConsumer(consumer)
    if (isNew) durable.stored = storeDurable(durable)
    return { subscription: consumer, settled: durable.stored }
  }

  return {
    subscribe(request, to) {
      const demands = readDemands(request.headers, settings)
      const { destination } = request
      if (demands.isDurable) return subscribeDurable(request, demands, to)
      const isQueue = served.isQueue(destination) || destination.startsWith(TEMP_QUEUE)
      return isQueue ? subscribeQueue(request, demands, to) : subscribeTopic(request, demands, to)
    },
    forget({ headers, shownId }, owner) {
      const clientId = headers.get('client-id') ?? owner.clientId
      const isNamed = clientId !== undefined && shownId !== undefined
      const durable = isNamed ? durables.get(durableName(owner, clientId, shownId)) : undefined
      if (durable === undefined) throw new StompError('STOMP_ERR_SUBSCRIPTION_UNKNOWN')
      if (durable.consumer !== undefined) {
        throw new StompError('STOMP_ERR_SUBSCRIPTION_EXISTS', {
          message: 'This durable subscription is in use by another session',
          cure: 'Only the session that uses it can end it; or disconnect that session first.',
        })
      }
      return endDurable(durable)
    },
  }
}

function noReplay(): StompError {
  return new StompError('STOMP_ERR_UNSUPPORTED', {
    message: "'since' and 'replay' are for topics with a history, not for queues and durable subscriptions",
    cure: 'Leave them out: a queue and a durable subscription give each message once, whenever it was published.',
  })
}
