import type { Headers } from '@hoofbeat/codec'
import type { FastifyBaseLogger } from 'fastify'
import type { User } from '../hooks/user.js'

/** What a handler is told of the frame that called it. */
export interface RoutedFrame<Params = unknown, CheckedHeaders = unknown> {
  /** As the client wrote it. */
  readonly destination: string
  /** What the pattern's params stand for, exactly as the client wrote it; validated if there is a `schema.params`. */
  readonly params: Params
  /** All headers of the frame, as sent. */
  readonly headers: Headers
  /** What `schema.headers` has made of the first entry of each header; undefined without such a schema. */
  readonly checkedHeaders: CheckedHeaders
  /** Undefined for an anonymous session. */
  readonly user: User | undefined
  readonly sessionId: string
  /**
   * Aborted when the session ends, and for a subscription route at the UNSUBSCRIBE, too: hand it on to what a handler
   * waits for.
   */
  readonly signal: AbortSignal
  /** A child of the instance's logger that names the session. */
  readonly log: FastifyBaseLogger
}

/**
 * What `stomp.decorateMessage` has added to messages and subscriptions; declare it by merging:
 *
 * ```ts
 * declare module '@hoofbeat/server' {
 *   interface MessageDecorators {
 *     account: Account | null
 *   }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: applications declare its members
export interface MessageDecorators {}

/** A SEND, as the handler of a message route sees it. */
export interface RoutedMessage<Body = unknown, Params = unknown, CheckedHeaders = unknown>
  extends RoutedFrame<Params, CheckedHeaders>,
    MessageDecorators {
  readonly command: 'SEND'
  /**
   * Parsed by content type: by the codec that was added for it; else JSON for `application/json`, `*+json` and, unless the
   * route says else, where there is none; a string for `text/*` (UTF-8 only); for everything else the bytes of the frame,
   * not copied: do not change them, and keep a `slice()` if a small body is to be kept for long. Undefined if the body is
   * empty, whatever its type. What `schema.body` coerces or fills in is what stands here.
   */
  readonly body: Body
  /** Media type in lower case, without parameters; undefined if the frame named none. */
  readonly contentType: string | undefined
}

/** A SUBSCRIBE, as the handler of a subscription route sees it. */
export interface RoutedSubscription<Params = unknown, CheckedHeaders = unknown>
  extends RoutedFrame<Params, CheckedHeaders>,
    MessageDecorators {
  readonly command: 'SUBSCRIBE'
}

/** The frame whose route has failed, as error handlers and `onError` see it: nothing in it was validated. */
export interface FailedFrame extends RoutedFrame<Readonly<Record<string, string>>, undefined> {
  readonly command: 'SEND' | 'SUBSCRIBE'
}
