import type { Headers } from '@hoofbeat/codec'
import type { StompError } from '../errors.js'
import type { Delivery, Taken } from '../message/delivery.js'
import type { Message } from '../message/message.js'

/** Undefined: done at once. A promise: done when it is resolved; a rejection is a refusal. */
export type Settled = undefined | Promise<void>

/**
 * Which delivery an ACK or NACK means: in STOMP 1.2 the value of the MESSAGE's `ack` header; before, its `message-id`,
 * with the channel's name for the subscription (STOMP 1.0 may leave that out: any subscription that holds the message).
 */
export type AckReference = { readonly ack: string } | MessageReference

/** See {@link AckReference}. */
export interface MessageReference {
  readonly messageId: string
  readonly subscription: string | undefined
}

/** Publishes one message. */
export interface SendRequest {
  readonly command: 'SEND'
  readonly destination: string
  readonly headers: Headers
  readonly body: Uint8Array
}

/** Begins a subscription. What it asks for beyond plain delivery stands in its headers. */
export interface SubscribeRequest {
  readonly command: 'SUBSCRIBE'
  /** Unique among the channel's subscriptions. */
  readonly id: string
  /** What the client's MESSAGE frames say; absent where a STOMP 1.0 client gave no id. */
  readonly shownId: string | undefined
  readonly destination: string
  /** What the client's MESSAGE frames show instead of the destination that was published to. */
  readonly shownDestination: string | undefined
  readonly headers: Headers
}

/** Ends a subscription; one that is durable ends for good, live or not. */
export interface UnsubscribeRequest {
  readonly command: 'UNSUBSCRIBE'
  readonly id: string
  /** As the client gave it; names a durable subscription that is not live. */
  readonly shownId: string | undefined
  readonly headers: Headers
}

/** Answers deliveries: one, or with `ack:client` all that the subscription was given up to that one. */
export interface AckRequest {
  readonly command: 'ACK' | 'NACK'
  readonly reference: AckReference
  /** Whether the client waits for a RECEIPT: it is then a promise that the message does not come again. @default false */
  readonly isReceipted?: boolean
}

/**
 * What a client's frame asks of the broker, already authorised and with its required headers checked: destinations are
 * well-formed, and only that of a SUBSCRIBE may hold wildcards. An inner destination (see `INNER`) is the server's own.
 */
export type BrokerRequest = SendRequest | SubscribeRequest | UnsubscribeRequest | AckRequest

/** What may be part of a transaction. */
export type TransactionRequest = SendRequest | AckRequest

/**
 * Inner destinations begin with this character, which no frame of any version can carry: so no client can name them,
 * and no wildcard matches them. Below `\u0000temp/<session id>/` lie the temporary queues of that session, which end
 * with it; all others are publish-subscribe (user destinations).
 */
export const INNER = '\u0000'

/**
 * Inner destinations below this are topics at which the nodes of a cluster hear each other, and nobody else:
 * `\u0000nodes/<topic>`. They are there where a broker has a {@link Backbone}.
 */
export const NODES: string = `${INNER}nodes/`

/** What the application publishes. */
export interface Publication {
  readonly destination: string
  readonly headers: Headers
  readonly body: Uint8Array
}

/** What a broker can do beyond publish-subscribe. What it cannot is refused by a clear error, never by silence. */
export interface BrokerCapabilities {
  /** Wildcards in SUBSCRIBE (`*` one segment, `**` the rest). */
  readonly wildcards: boolean
  /** Queues with competing consumers; ACK and NACK; `ack`, `prefetch-count` on SUBSCRIBE. */
  readonly queues: boolean
  /** `commit` of more than one request, ACK and NACK among them. */
  readonly transactions: boolean
  /** `selector` on SUBSCRIBE. */
  readonly selectors: boolean
  /** `durable` on SUBSCRIBE. */
  readonly durableSubscriptions: boolean
  /** `since` and `replay` on SUBSCRIBE. */
  readonly history: boolean
}

/** Whose channel it is. */
export interface ChannelOwner {
  readonly sessionId: string
  /** Undefined for an anonymous session. */
  readonly userName: string | undefined
  /** `client-id` of CONNECT. */
  readonly clientId: string | undefined
  /** As CONNECT gave them; only where the broker `wantsCredentials`. */
  readonly credentials?: { readonly login: string | undefined; readonly passcode: string | undefined } | undefined
}

/** Takes what the broker delivers to one attached channel. */
export interface Subscriber {
  /**
   * One message for one subscription. Messages of one publisher to one destination come in the order of publishing.
   * Called inside `handle`, `commit`, `ready` or `publish`, or later; must not throw, and must not call back into the
   * broker, but to detach a channel (of a session that has proved too slow, say). After `full` the broker gives this
   * channel no more messages of queues until `ready`; messages of topics come nevertheless, but to subscriptions that
   * acknowledge, or that still read a history. What was `dropped` goes back to its queue, and the subscription is given
   * no more of that queue until `ready`, or until it acknowledges.
   */
  deliver(message: Message, delivery: Delivery): Taken
  /** The broker cannot keep what it has promised this channel. Nothing is delivered after; the owner detaches. */
  refuse(error: StompError): void
}

/** One session's way into the broker. */
export interface Channel {
  /**
   * Puts one request into effect. Requests of one channel take effect in the order of the calls; but while a persistent
   * SEND is being stored, SENDs to other destinations and answers behind it do not wait. SUBSCRIBE and UNSUBSCRIBE wait
   * for all that came before, and all that comes behind waits for them. A refusal is a thrown StompError or a rejection
   * with one; nothing was done then. Once a SUBSCRIBE has settled, the subscription misses
   * nothing published after. Once a SEND has settled, the broker has taken the message over; a `persistent:true` one
   * then outlives the process, if the broker has a store. Once an ACK has settled, its messages do not come again.
   */
  handle(request: BrokerRequest): Settled
  /** Puts all requests into effect together, or none of them (a throw or a rejection). */
  commit(requests: readonly TransactionRequest[]): Settled
  /** After `deliver` has returned `full`: there is room again. */
  ready(): void
  /**
   * Ends the channel at once: its subscriptions end (durable ones keep collecting), what it was given and has not
   * acknowledged goes back to its old place; nothing is delivered after. What comes later (its hook was slow) has no
   * effect but for SEND: neither SUBSCRIBE, nor ACK and NACK, nor a `commit` with one of these. Harmless when repeated.
   */
  detach(): void
}

/** One destination, as operators see it. */
export interface DestinationReport {
  readonly destination: string
  readonly kind: 'topic' | 'queue' | 'durable-subscription' | 'temp-queue'
  /** Messages kept that nobody holds: waiting in a queue, or a topic's history. */
  readonly depth: number
  /** Bytes of all messages kept, bodies and headers. */
  readonly bytes: number
  /** Live subscriptions. */
  readonly consumers: number
  /** Given to consumers and not yet acknowledged. */
  readonly inFlight: number
  /** Messages per second that came in, averaged over about a minute. */
  readonly publishedPerSecond: number
  /** Messages per second that were delivered, averaged over about a minute. */
  readonly deliveredPerSecond: number
}

/** What an operator can do, where the broker itself keeps messages. */
export interface BrokerAdmin {
  /** Bytes of all messages kept, of all destinations together. */
  readonly keptBytes: number
  /** All destinations that have subscriptions or messages, by name. */
  destinations(): readonly DestinationReport[]
  /** Forgets all waiting messages of a queue or durable subscription; resolves with their number. Rejects if there is none. */
  purge(destination: string): Promise<number>
  /**
   * Moves waiting messages, oldest first, at most `limit`: to another queue, or without `to` dead letters back to where
   * they came from. Resolves with their number; rejects, with nothing moved, if a target is unknown or full.
   */
  move(from: string, options?: { readonly to?: string; readonly limit?: number }): Promise<number>
}

/** What the nodes of a cluster have in common through a broker that all of them are connected to. */
export interface Backbone {
  /** This node: unlike every other, and unlike itself after a restart. Of letters, digits and hyphens. */
  readonly nodeId: string
  /** Where other nodes reach this one by HTTP, past any balancer; undefined: only over the broker. */
  readonly url: URL | undefined
  /** True: there is nothing that it could share with other nodes, so none can understand it. @default false */
  readonly isAlone?: boolean
  /** 32 bytes for one purpose, derived from the secret that all nodes share and nobody else knows. */
  key(purpose: string): Uint8Array
  /**
   * Takes what any node, this one too, publishes at `NODES` + topic: exactly there, in the order of each publisher. It is
   * taken in again by itself when the broker was away. With `isKept` what comes meanwhile waits, if the broker can; it may
   * then come twice, and be overtaken. The promise settles when nothing published from now on is missed.
   */
  listen(
    topic: string,
    listener: BackboneListener,
    isKept?: boolean,
  ): { readonly settled: Promise<void>; close(): void }
}

/** See {@link Backbone}. Must not throw. */
export interface BackboneListener {
  /** Headers as they were given, without those of the broker. */
  take(headers: Headers, body: Uint8Array): void
  /** The broker was away and is there again: messages may have been missed. Not told where it keeps them meanwhile. */
  missed(): void
}

/** One connection to a broker elsewhere, as operators see it. */
export interface LegReport {
  /** For example `shared`, `pool-1`. Few and lasting: it labels metrics. Of sessions that have legs of their own: `clients`; of durable subscriptions: `durables`. */
  readonly name: string
  readonly state: 'up' | 'connecting' | 'down'
  /** `host:port` of the present or last connection; undefined before the first. */
  readonly address: string | undefined
  /** The header `server` of CONNECTED; undefined before the first. */
  readonly server: string | undefined
  /** How often it was connected. */
  readonly connects: number
  /** Live subscriptions at the broker. */
  readonly subscriptions: number
  /** Frames that wait for the broker to come back, or to have room. */
  readonly waitingFrames: number
  readonly waitingBytes: number
  /** Frames whose RECEIPT the broker owes. */
  readonly unansweredFrames: number
}

/**
 * The port behind which a broker works, embedded or at the other end of a relay. Destinations arrive in the names that
 * clients use.
 */
export interface Broker {
  readonly capabilities: BrokerCapabilities
  /** Undefined where messages are kept elsewhere. */
  readonly admin: BrokerAdmin | undefined
  /**
   * Where all histories end now, for a `since` on SUBSCRIBE that asks for what comes after this moment; undefined where the
   * broker cannot tell. It is good as long as this broker runs; a later one tells of a gap.
   */
  readonly position?: string
  /** False while a broker elsewhere is away. Undefined: it is in this process. Each change is told as an event. */
  readonly isAvailable?: boolean
  /** What several nodes have in common; undefined where there is one node. */
  readonly backbone?: Backbone
  /** True: the broker itself judges the `login` and `passcode` of each client. @default false */
  readonly wantsCredentials?: boolean
  /** The connections to a broker elsewhere, now. */
  legs?(): readonly LegReport[]
  /** True for destinations whose messages are shared out among consumers: clients need a rule to subscribe to them. */
  isQueue(destination: string): boolean
  /** Opens a channel for one session. */
  attach(subscriber: Subscriber, owner: ChannelOwner): Channel
  /** Publishes for the application, as `Channel.handle` does for a client. */
  publish(publication: Publication): Settled
  /** Ends the broker: no delivery follows. Resolves when all that had been taken over is safe. */
  close(): Promise<void>
}
