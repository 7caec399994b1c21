import type { Frame, Headers } from '@hoofbeat/codec'
import type { Publication } from '../broker/broker.js'
import type { AuthorizeSendHook, AuthorizeSubscribeHook } from '../hooks/hooks.js'
import type { User } from '../hooks/user.js'

/** Who a session belongs to. */
export interface SessionOwner {
  readonly user: User | undefined
  readonly sessionId: string
}

/** Who calls a route. */
export interface RouteCaller extends SessionOwner {
  /** Aborted when the session ends; of a subscription, at its UNSUBSCRIBE too. Made when first asked for. */
  readonly signal: AbortSignal
}

/** What one MESSAGE to the caller carries. */
export interface Reply {
  readonly headers: Headers
  readonly body: Uint8Array
}

/** Answers of a subscription route, one after another; undefined = nothing is sent for this one. */
export type ReplyStream = AsyncIterable<Reply | undefined>

/**
 * What a handler gave, and for whom. `user`: the destination is what follows `/user`, for all sessions of the caller;
 * `session`: the same for its own session; `reply`: it is the `reply-to` of the frame, where the caller waits.
 */
export interface RoutePublication extends Publication {
  /** @default for all who subscribe to the destination */
  readonly audience?: 'user' | 'session' | 'reply'
}

/**
 * Runs the handler of a validated frame and returns what is to be published; publishes nothing itself. Rejects with a
 * StompError if the handler, or what it leads to, has failed. Handlers of one caller start in the order of the calls: at
 * once, or when preHandlers of this and earlier ones have passed. To be called once, or never: then neither runs.
 */
export type Invocation = () => Promise<readonly RoutePublication[] | PublicationStream>

/** What a handler gives bit by bit; each step is published before the next one is asked for. */
export type PublicationStream = AsyncIterable<readonly RoutePublication[]>

/** A route that a SEND has found. */
export interface MessageMatch {
  /** Hooks of the plugins around the route, outermost first; they run before `prepare`. */
  readonly hooks: readonly AuthorizeSendHook[]
  /**
   * Validates params, body and headers; calls no handler. Throws a StompError for a part that does not fit, and for a
   * validator that failed. Gives a promise (which may reject in the same way) only where a validator of the application
   * is asynchronous. The invocation keeps the frame.
   */
  prepare(frame: Frame, caller: RouteCaller): Invocation | Promise<Invocation>
  /** What the handler gives goes to the frame's `reply-to` too (`prepare` refuses a frame without one). */
  readonly usesReplyTo?: boolean
  readonly recover?: Recover
}

/** A route that a SUBSCRIBE has found. */
export interface SubscriptionMatch {
  /** As for a message; they run before `invoke`. */
  readonly hooks: readonly AuthorizeSubscribeHook[]
  /**
   * Validates params and headers, runs the handler, and gives what it answers: once, bit by bit, or undefined: nothing.
   * Rejects with a StompError, as each step of a stream does: bad params or headers, or a handler that failed. Handlers
   * start in the order of the calls; only an asynchronous validator of the application breaks it.
   */
  invoke(frame: Frame, caller: RouteCaller): Promise<Reply | ReplyStream | undefined>
  readonly recover?: Recover
}

/**
 * Asks the error handler of a route what its caller is told of a failure: undefined = nothing. Rejects with what the
 * handler throws. Undefined where no error handler is in scope.
 */
export type Recover = ((frame: Frame, caller: RouteCaller, thrown: unknown) => Promise<Reply | undefined>) | undefined

/** The message routes of an application, as the dispatcher asks for them. */
export interface Routes {
  /** `path`: the rest of the destination behind the application prefix, each segment percent-encoded. */
  findMessage(path: string): MessageMatch | undefined
  findSubscription(path: string): SubscriptionMatch | undefined
}
