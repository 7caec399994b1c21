import type { Delivery } from '../../message/delivery.js'
import type { Settled, SubscribeRequest, Subscriber } from '../broker.js'
import type { Step } from './step.js'
import type { SubscribeDemands } from './subscribe-demands.js'

/** What all subscriptions of one channel share. */
export interface ChannelFlow {
  readonly subscriber: Subscriber
  /** True after the subscriber was full, until it is ready; and for good when the channel or the broker has ended. */
  isFull: boolean
}

/** Who subscribes, and how. */
export interface SubscriptionInit {
  /** Its number in its channel. */
  readonly number: number
  readonly flow: ChannelFlow
  readonly request: SubscribeRequest
  readonly demands: SubscribeDemands
}

/** One answer of a client to what it was given. */
export interface Answer {
  readonly isAck: boolean
  readonly messageId: string
  /** The number of the delivery, where the client named it. */
  readonly delivery: number | undefined
}

/** A subscription of a channel, to a topic or a queue. */
export interface LiveSubscription {
  readonly number: number
  /** The subscriber has room again. */
  ready(): void
  /** What an answer brings about; undefined if it means nothing here. `taken`: what answers before it in a batch mean. */
  answer(answer: Answer, taken: Set<unknown>): Step | undefined
  /** Keeps what comes back from everybody until what is returned is called. */
  hold(): () => void
  /** Ends it. `isForGood`: the client has said UNSUBSCRIBE; otherwise its session is over. */
  end(isForGood: boolean): Settled
}

/** The part of a delivery that all messages of a subscription have in common. */
export function deliveryOf({ shownId, shownDestination }: SubscribeRequest): Delivery {
  return shownDestination === undefined
    ? { subscription: shownId, start: undefined }
    : { subscription: shownId, destination: shownDestination }
}
