import type { Frame, FrameInit, Headers } from '@hoofbeat/codec'
import type { DestinationSyntax } from '../../destination/destination.js'
import type { BrokerCapabilities, SendRequest, SubscribeRequest } from '../broker.js'

/** One header line. */
export type HeaderLine = readonly [name: string, value: string]

/** What serves a destination at the broker. */
export type DestinationKind = 'topic' | 'queue'

/** Brokers whose ways are known. `hoofbeat`: another Hoofbeat server, which has our own. */
export type ProfileName = 'rabbitmq' | 'activemq' | 'artemis' | 'openmq' | 'hoofbeat'

/** A subscription to a topic that one node makes for all its clients, or for one that has a connection of its own. */
export interface SharedTopicRequest {
  /** In our names; may be a pattern. */
  readonly destination: string
  /**
   * Names the topic among those of this node, and the node among all: for a queue that outlives a lost connection.
   * Undefined: a client's own, which costs the broker as little as can be; what comes while its connection is lost is lost.
   */
  readonly queueName: string | undefined
}

/** A subscription of this node to a topic at which nodes hear each other. */
export interface NodeTopicRequest {
  /** Names the topic: of letters, digits and hyphens. */
  readonly word: string
  /** What comes while the connection is lost is to wait, if it can: names topic and node among all; no client can tell it. */
  readonly queueName: string | undefined
}

/** A subscription that is one client's own: to a queue, or a durable one to a topic. */
export interface OwnSubscribeRequest extends Pick<SubscribeRequest, 'destination' | 'headers'> {
  /** How many messages may be given and not yet acknowledged. */
  readonly prefetch: number
  /** Of a durable subscription: unlike that of every other user, client and subscription. Undefined: to a queue. */
  readonly durableName: string | undefined
}

/** There is no durable subscription of that name, or it is held by another connection. */
export type DurableError = 'unknown' | 'in-use'

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
  /**
   * Whether what comes while a connection to the broker is lost waits for a shared topic, and for a topic of the nodes that
   * is to be kept (in an expiring queue).
   */
  readonly keepsSharedTopics: boolean
  /** With `keepsSharedTopics`: how long a loss may last until something may be missing. @default as long as it lasts */
  readonly sharedTopicsLastMs?: number
  /**
   * Whether a connection that is not read holds up nobody else: what comes for its topics then waits at the broker, and none
   * of it is left out. Else a client that does not read loses its session, as it does where it shares a connection.
   * @default false
   */
  readonly waitsForReaders?: boolean
  /**
   * Where the end of a subscription to a queue does not give back what it was given and has not acknowledged: the headers
   * of a SUBSCRIBE, without `id`, to something at which nothing comes. When the subscription has ended it takes its id, so
   * that the broker understands a NACK of each, and ends as well. @default the end gives back
   */
  readonly givesBackThrough?: readonly HeaderLine[]
  /** Where the broker ends the connection of who leaves a message of a queue unanswered for too long: how long is safe, in ms. */
  readonly answersWithinMs?: number
  /** Whether NACK gives a message back to its queue, or to the dead letters. Else one of a client is refused. @default true */
  readonly hasNack?: boolean
  /** With `transactions`: whether ACK and NACK may stand in one. Else such a `commit` is refused. @default true */
  readonly hasAcksInTransactions?: boolean
  /** The same of NACK alone. @default as `hasAcksInTransactions` */
  readonly hasNacksInTransactions?: boolean
  /**
   * With `durableSubscriptions`: headers of CONNECT by which the broker knows whose they are, the same for every connection
   * of every node. @default none
   */
  readonly connectHeaders?: readonly HeaderLine[]
  /**
   * Where a durable subscription belongs to a connection, which it needs for itself: the headers of its CONNECT. The broker
   * has to refuse it as `in-use` while there is another. @default clients share the connections that theirs go by
   */
  readonly connectDurable?: (durableName: string) => readonly HeaderLine[]
  /**
   * The frames that end a durable subscription for good while nobody holds it. They go by a connection of their own, as
   * `connectDurable` says if there is that; where the broker can tell that there is none it answers by an ERROR.
   */
  forgetDurable(durableName: string): readonly FrameInit[]
  /** What the words of an ERROR mean that answers those, or the CONNECT: else it is a refusal for reasons of its own. */
  readonly durableError?: (words: string) => DurableError | undefined
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
  /** Reads a MESSAGE. */
  read(frame: Frame): RelayedDelivery
  /** The headers of a SEND at such a topic, its `destination` first; `headers`: what its sender asks of the broker. */
  sendNode(word: string, headers: Headers): readonly HeaderLine[]
  /** The headers of a SUBSCRIBE to such a topic, without `id` and `receipt`; with `ack`, if not `auto`, `client-individual`. */
  subscribeNode(request: NodeTopicRequest): readonly HeaderLine[]
  /** The headers of the UNSUBSCRIBE that ends it, so that nothing of it stays, without `id` and `receipt`. */
  unsubscribeNode(request: NodeTopicRequest): readonly HeaderLine[]
  /** The broker's name for the topic at which nodes hear each other; `word` holds letters, digits and hyphens only. */
  nodeTopic(word: string): string
  /** The word of such a topic; undefined for every other destination. */
  nodeWord(brokerDestination: string): string | undefined
}

/** Makes the profile for one separator. */
export type ProfileMaker = (syntax: DestinationSyntax) => BrokerProfile
