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
  /** Aborted when the session ends. Made when first asked for. */
  readonly signal: AbortSignal
}

/** One-shot answer of a subscription route: what the MESSAGE carries; undefined = nothing is sent. */
export interface Reply {
  readonly headers: Headers
  readonly body: Uint8Array
}

/** What a handler gave, and for whom: `user`: what follows `/user`, for all sessions of the caller; `session`: for its own. */
export interface RoutePublication extends Publication {
  /** @default for all who subscribe to the destination */
  readonly audience?: 'user' | 'session'
}

/**
 * Runs the handler of a validated frame and returns what is to be published; publishes nothing itself. Rejects with a
 * StompError if the handler, or what it leads to, has failed. The handler has been called when this returns, so that
 * handlers start in the order of the calls. To be called once, or never: then the handler does not run.
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
  readonly recover?: Recover
}

/** A route that a SUBSCRIBE has found. */
export interface SubscriptionMatch {
  /** As for a message; they run before `invoke`. */
  readonly hooks: readonly AuthorizeSubscribeHook[]
  /**
   * Validates params and headers, runs the handler, and returns what it answers; undefined if there is nothing. Rejects
   * with a StompError: bad params or headers, or a handler that failed. The handler has been called when this returns,
   * so that handlers start in the order of the calls; only an asynchronous validator of the application delays it.
   */
  invoke(frame: Frame, caller: RouteCaller): Promise<Reply | undefined>
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
