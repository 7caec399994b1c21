import type { Frame, Headers } from '@hoofbeat/codec'
import type { Publication } from '../broker/broker.js'
import type { AuthorizeSendHook, AuthorizeSubscribeHook } from '../hooks/hooks.js'
import type { User } from '../hooks/user.js'

/** Who calls a route. */
export interface RouteCaller {
  readonly user: User | undefined
  readonly sessionId: string
}

/** One-shot answer of a subscription route: what the MESSAGE carries; undefined = nothing is sent. */
export interface Reply {
  readonly headers: Headers
  readonly body: Uint8Array
}

/** A route that a SEND has found. */
export interface MessageMatch {
  /** Hooks of the plugins around the route, outermost first; they run before `invoke`. */
  readonly hooks: readonly AuthorizeSendHook[]
  /**
   * Validates, runs the handler, and returns what is to be published; publishes nothing itself. Rejects with a
   * StompError: bad params, headers or body, or a handler that failed. The handler has been called when this returns, so
   * that handlers start in the order of the calls; only an asynchronous validator of the application delays it.
   */
  invoke(frame: Frame, caller: RouteCaller): Promise<readonly Publication[]>
}

/** A route that a SUBSCRIBE has found. */
export interface SubscriptionMatch {
  readonly hooks: readonly AuthorizeSubscribeHook[]
  /** As for a message; resolves with undefined if there is nothing to answer. */
  invoke(frame: Frame, caller: RouteCaller): Promise<Reply | undefined>
}

/** The message routes of an application, as the dispatcher asks for them. */
export interface Routes {
  /** `path`: the rest of the destination behind the application prefix, each segment percent-encoded. */
  findMessage(path: string): MessageMatch | undefined
  findSubscription(path: string): SubscriptionMatch | undefined
}
