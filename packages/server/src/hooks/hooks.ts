import type { Headers, Version } from '@hoofbeat/codec'
import type { FastifyRequest } from 'fastify'
import type { EventHooks } from '../users/event-hooks.js'
import type { PresenceHooks } from '../users/presence-hooks.js'
import type { User, UserLike } from './user.js'

/**
 * What `authenticate` sees: the CONNECT (or STOMP) frame, or the SEND to `/session/renew`, and what is known of the
 * connection.
 */
export interface ConnectRequest {
  readonly headers: Headers
  /** The `login` header. */
  readonly login: string | undefined
  /** The `passcode` header. Never logged by the server. */
  readonly passcode: string | undefined
  /** The negotiated protocol version. */
  readonly version: Version
  /** What `identify` returned, before any STOMP. */
  readonly identity: UserLike
  /** The HTTP request that opened the connection; undefined on transports without one, and where a session renews. */
  readonly request: FastifyRequest | undefined
  readonly sessionId: string
  /** The user of the session that renews its credentials; undefined at CONNECT. */
  readonly renews: User | undefined
}

/** What the authorising hooks see: a SEND or SUBSCRIBE before it has any effect. */
export interface AuthorizeRequest {
  /** As the client wrote it: the very string that routes and broker will see. A SUBSCRIBE may have wildcards in it. */
  readonly destination: string
  /**
   * Whether it means any destination that `pattern` means too: `/topic/news/*` touches `/topic/news/internal`, and
   * `/topic/**`. What is to be kept from somebody is asked for in this way: a comparison with `destination` would let
   * wildcards through. Throws a TypeError for what is no pattern.
   */
  touches(pattern: string): boolean
  readonly headers: Headers
  /** Undefined for an anonymous session. */
  readonly user: User | undefined
  readonly sessionId: string
}

/** Sees a SEND with its body. */
export interface AuthorizeSendRequest extends AuthorizeRequest {
  readonly body: Uint8Array
}

/**
 * Sees the HTTP request before there is a connection. Returns who it is, or nothing. A thrown error refuses the
 * connection: with its own `statusCode` if that is 400 to 499, else with 401.
 */
export type IdentifyHook = (request: FastifyRequest) => UserLike | Promise<UserLike>

/**
 * Sees CONNECT. Returns the user of the session, or nothing for an anonymous one. A thrown error refuses the session
 * with an ERROR frame; its text is shown only if it is a StompError or has a `statusCode` of 400 to 499.
 *
 * Sees also each SEND to `/session/renew`, with `renews` set: it must return a user of the same name, or the renewal is
 * refused.
 */
export type AuthenticateHook = (connect: ConnectRequest) => UserLike | Promise<UserLike>

/** Throws to refuse; whatever it returns is awaited and ignored. */
export type AuthorizeSendHook = (request: AuthorizeSendRequest) => unknown
/** Throws to refuse; whatever it returns is awaited and ignored. */
export type AuthorizeSubscribeHook = (request: AuthorizeRequest) => unknown

/** The hooks that `stomp.addHook` takes. */
export interface StompHooks extends PresenceHooks, EventHooks {
  readonly authorizeSend: AuthorizeSendHook
  readonly authorizeSubscribe: AuthorizeSubscribeHook
}

/**
 * Runs hooks one after another. Undefined: all have passed at once. A throw or a rejection is the refusal. While the
 * promise is open the session's later frames wait.
 */
export function runHooks<R>(hooks: readonly ((request: R) => unknown)[], request: R): undefined | Promise<void> {
  for (let i = 0; i < hooks.length; i++) {
    const result = hooks[i]?.(request)
    if (isPromiseLike(result)) return runRest(hooks, request, i + 1, result)
  }
  return undefined
}

async function runRest<R>(
  hooks: readonly ((request: R) => unknown)[],
  request: R,
  next: number,
  first: PromiseLike<unknown>,
): Promise<void> {
  await first
  for (let i = next; i < hooks.length; i++) await hooks[i]?.(request)
}

/** True for what is to be waited for. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
