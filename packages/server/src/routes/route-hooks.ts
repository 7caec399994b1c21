import type { FastifyInstance } from 'fastify'
import type { AuthorizeSendHook, AuthorizeSubscribeHook } from '../hooks/hooks.js'
import type { FailedFrame, RoutedMessage, RoutedSubscription } from './frame-views.js'
import type { StompReply } from './reply.js'

/** Any message or subscription: `command` tells them apart. */
export type AnyRouted = RoutedMessage | RoutedSubscription

/**
 * Runs when body, params and headers are valid, before the handler. Throws to refuse, as a handler does; whatever it
 * returns is awaited and ignored. Those of one frame have `limits.hookTimeoutMs`, all together; then it is refused with
 * STOMP_ERR_HANDLER_FAILED. Those of several frames run side by side, yet handlers start in the order of the frames.
 */
export type PreHandlerHook<Routed = AnyRouted> = (this: FastifyInstance, routed: Routed, reply: StompReply) => unknown

/**
 * Sees each value that a handler gives and that is to be encoded, not strings, bytes, null and undefined. What it returns,
 * at once or later, takes the place of the value; undefined leaves it as it is, null publishes nothing.
 */
export type PreSerializationHook<Routed = AnyRouted> = (
  this: FastifyInstance,
  routed: Routed,
  reply: StompReply,
  value: unknown,
) => unknown

/**
 * Told when a route has failed: a frame that does not fit its schemas, a preHandler or handler that has thrown, a value
 * that could not be encoded or published; not of a frame that does not fit in a transaction, which is refused as by a
 * hook. It looks on before the error handler is asked: nobody waits for it, what it
 * returns is ignored, and what it throws is logged.
 */
export type OnErrorHook = (this: FastifyInstance, frame: FailedFrame, error: Error) => unknown

/** The hooks of routes that run beside the authorising ones, in the order of a frame's way. */
export interface StageHooks<Routed = AnyRouted> {
  readonly preHandler: PreHandlerHook<Routed>
  readonly preSerialization: PreSerializationHook<Routed>
  readonly onError: OnErrorHook
}

/** One or several; several in the order in which they run. */
export type OneOrMore<T> = T | readonly T[]

/** Hooks of one route; each runs behind those of its instance. */
export interface StageOptions<Routed = AnyRouted> {
  readonly preHandler?: OneOrMore<PreHandlerHook<Routed>>
  readonly preSerialization?: OneOrMore<PreSerializationHook<Routed>>
  readonly onError?: OneOrMore<OnErrorHook>
}

/** A hook that is called with a Fastify instance as `this`: that of the route, or the one on which it was added. */
export type OnInstance<Hook extends (...args: never) => unknown> = (
  this: FastifyInstance,
  ...args: Parameters<Hook>
) => unknown

/** Hooks of one message route. */
export interface MessageHookOptions<Routed = AnyRouted> extends StageOptions<Routed> {
  /** Runs before the body is parsed and anything validated. */
  readonly authorizeSend?: OneOrMore<OnInstance<AuthorizeSendHook>>
}

/** Hooks of one subscription route. */
export interface SubscriptionHookOptions<Routed = AnyRouted> extends StageOptions<Routed> {
  /** Runs before anything is validated. */
  readonly authorizeSubscribe?: OneOrMore<OnInstance<AuthorizeSubscribeHook>>
}

/**
 * Told of what a route's handler has thrown, and of bodies, params and headers that do not fit their schema (a
 * StompError). What it returns is sent to `/user/queue/errors` of the sender, if it listens there, with the headers and
 * the type that `reply` is given.
 */
export type ErrorHandler = (this: FastifyInstance, error: Error, frame: FailedFrame, reply: StompReply) => unknown
