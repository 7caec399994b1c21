import type { Headers } from '@hoofbeat/codec'
import type { Delivery, Taken } from '../message/delivery.js'
import type { Message } from '../message/message.js'

/** Undefined: done at once. A promise: done when it is resolved; a rejection is a refusal. */
export type Settled = undefined | Promise<void>

/**
 * What a client's frame asks of the broker, already authorised and with its required headers checked: destinations are
 * well-formed, and only that of a SUBSCRIBE may hold wildcards.
 */
export type BrokerRequest =
  | { readonly command: 'SEND'; readonly destination: string; readonly headers: Headers; readonly body: Uint8Array }
  | {
      readonly command: 'SUBSCRIBE'
      /** Unique among the channel's subscriptions. */
      readonly id: string
      /** What the client's MESSAGE frames say; absent where a STOMP 1.0 client gave no id. */
      readonly shownId: string | undefined
      readonly destination: string
      readonly headers: Headers
    }
  | { readonly command: 'UNSUBSCRIBE'; readonly id: string }

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
}

/** Takes what the broker delivers to one attached channel. */
export interface Subscriber {
  /**
   * One message for one subscription. Messages of one publisher to one destination come in the order of publishing.
   * Called inside `handle` or `publish`, or later; must not throw, and must not call back into the broker, but to
   * detach a channel (of a session that has proved too slow, say).
   */
  deliver(message: Message, delivery: Delivery): Taken
}

/** One session's way into the broker. */
export interface Channel {
  /**
   * Puts one request into effect. Requests of one channel take effect in the order of the calls. A refusal is a thrown
   * StompError or a rejection with one; nothing was done then. Once a SUBSCRIBE has settled, the subscription misses
   * nothing published after. Once a SEND has settled, the broker has taken the message over.
   */
  handle(request: BrokerRequest): Settled
  /**
   * Ends all subscriptions of the channel at once; nothing is delivered after, and a SUBSCRIBE that comes later (its
   * hook was slow) has no effect. Harmless when repeated.
   */
  detach(): void
}

/**
 * The port behind which a broker works, embedded or at the other end of a relay. Destinations arrive in the names that
 * clients use.
 */
export interface Broker {
  readonly capabilities: BrokerCapabilities
  /** Opens a channel for one session. */
  attach(subscriber: Subscriber): Channel
  /** Publishes for the application, as `Channel.handle` does for a client. */
  publish(publication: Publication): Settled
  /** Ends the broker: no delivery follows. Resolves when all that had been taken over is safe. */
  close(): Promise<void>
}
