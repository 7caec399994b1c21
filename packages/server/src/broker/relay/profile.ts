import type { Frame, Headers } from '@hoofbeat/codec'
import type { DestinationSyntax } from '../../destination/destination.js'
import type { BrokerCapabilities, SendRequest, SubscribeRequest } from '../broker.js'

/** One header line. */
export type HeaderLine = readonly [name: string, value: string]

/** What serves a destination at the broker. */
export type DestinationKind = 'topic' | 'queue'

/** Brokers whose ways are known. `hoofbeat`: another Hoofbeat server, which has our own. */
export type ProfileName = 'rabbitmq' | 'activemq' | 'artemis' | 'hoofbeat'

/** A subscription to a topic that one node makes for all its clients. */
export interface SharedTopicRequest {
  /** In our names; may be a pattern. */
  readonly destination: string
  /** Names the topic among those of this node, and the node among all: for a queue that outlives a lost connection. */
  readonly queueName: string
}

/** A subscription that is one client's own: to a queue, or a durable one to a topic. */
export interface OwnSubscribeRequest extends Pick<SubscribeRequest, 'destination' | 'headers'> {
  /** How many messages may be given and not yet acknowledged. */
  readonly prefetch: number
  /** Of a durable subscription: unlike that of every other user, client and subscription. Undefined: to a queue. */
  readonly durableName: string | undefined
}

/** What a MESSAGE of the broker says, in our terms. */
export interface RelayedDelivery {
  /** In our names; undefined: nobody can be shown this destination (something that others have made at the broker). */
  readonly destination: string | undefined
  readonly messageId: string
  /** What an ACK of this delivery names. */
  readonly ack: string | undefined
  readonly isRedelivered: boolean
  /** The how many-th delivery this is, if the broker says. */
  readonly deliveryCount: number | undefined
  /** The sender's own: without what this broker adds. */
  readonly headers: Headers
}

/**
 * What is particular to one broker. Destinations of ours go to names of the broker's and back without loss; whatever it
 * cannot do is a StompError (STOMP_ERR_UNSUPPORTED, STOMP_ERR_DESTINATION_UNKNOWN, ...) that says so, never silence.
 */
export interface BrokerProfile {
  readonly name: ProfileName
  readonly capabilities: BrokerCapabilities
  /** Whether what comes while a connection to the broker is lost waits for a shared topic (in an expiring queue). */
  readonly keepsSharedTopics: boolean
  /** With `keepsSharedTopics`: how long a loss may last until something may be missing. @default as long as it lasts */
  readonly sharedTopicsLastMs?: number
  /**
   * Where the end of a subscription to a queue does not give back what it was given and has not acknowledged: the headers
   * of a SUBSCRIBE, without `id`, to something at which nothing comes. When the subscription has ended it takes its id, so
   * that the broker understands a NACK of each, and ends as well. @default the end gives back
   */
  readonly givesBackThrough?: readonly HeaderLine[]
  /** Whether NACK gives a message back to its queue, or to the dead letters. Else one of a client is refused. @default true */
  readonly hasNack?: boolean
  /** With `transactions`: whether ACK and NACK may stand in one. Else such a `commit` is refused. @default true */
  readonly hasAcksInTransactions?: boolean
  /** The same of NACK alone. @default as `hasAcksInTransactions` */
  readonly hasNacksInTransactions?: boolean
  /** What serves a destination of ours; undefined: nothing does. */
  kindOf(destination: string): DestinationKind | undefined
  /** The headers of a SEND, its `destination` first, without `receipt`, `transaction` and `content-length`. */
  send(request: Pick<SendRequest, 'destination' | 'headers'>): readonly HeaderLine[]
  /** The headers of a SUBSCRIBE, without `id` and `receipt`; with `ack`, if not `auto`, `client-individual`. */
  subscribeShared(request: SharedTopicRequest): readonly HeaderLine[]
  /** The headers of a SUBSCRIBE with `ack:client-individual`, without `id` and `receipt`. Throws for what it cannot do. */
  subscribeOwn(request: OwnSubscribeRequest): readonly HeaderLine[]
  /** The headers of the UNSUBSCRIBE that ends a shared topic, so that nothing of it stays, without `id` and `receipt`. */
  unsubscribeShared(request: SharedTopicRequest): readonly HeaderLine[]
  /** The headers of the UNSUBSCRIBE that ends a durable subscription for good. */
  forgetDurable(request: OwnSubscribeRequest): readonly HeaderLine[]
  /** Reads a MESSAGE. */
  read(frame: Frame): RelayedDelivery
  /** The broker's name for the topic at which nodes hear each other; `word` holds letters, digits and hyphens only. */
  nodeTopic(word: string): string
  /** The word of such a topic; undefined for every other destination. */
  nodeWord(brokerDestination: string): string | undefined
}

/** Makes the profile for one separator. */
export type ProfileMaker = (syntax: DestinationSyntax) => BrokerProfile
