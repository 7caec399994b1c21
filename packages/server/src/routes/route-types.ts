import type { FastifyInstance, FastifyTypeProvider, FastifyTypeProviderDefault } from 'fastify'
import type { RoutedMessage, RoutedSubscription } from './frame-views.js'
import type { PathParams } from './path-params.js'
import type { StompReply } from './reply.js'

// A type provider is a function on types: it reads `schema` and answers in `validator` and `serializer`.
type Validated<Provider extends FastifyTypeProvider, S> = (Provider & { schema: S })['validator']
type Serialized<Provider extends FastifyTypeProvider, S> = (Provider & { schema: S })['serializer']

/** The type of a message's body: what the type provider makes of `schema.body`, else unknown. */
export type BodyOf<Schema, Provider extends FastifyTypeProvider> = Schema extends { readonly body: infer S }
  ? Validated<Provider, S>
  : unknown

/**
 * The type of the params: what the type provider makes of `schema.params`. If it makes nothing of it, their names come
 * from the pattern and their values are unknown, since a schema may coerce them. Without a schema they are strings. The
 * params of a plugin's prefix are there at run time, but only a schema tells their type.
 */
export type ParamsOf<Pattern extends string, Schema, Provider extends FastifyTypeProvider> = Schema extends {
  readonly params: infer S
}
  ? unknown extends Validated<Provider, S>
    ? { [K in keyof PathParams<Pattern>]: unknown }
    : Validated<Provider, S>
  : PathParams<Pattern>

/** The type of the checked headers: what the type provider makes of `schema.headers`; undefined without a schema. */
export type CheckedHeadersOf<Schema, Provider extends FastifyTypeProvider> = Schema extends {
  readonly headers: infer S
}
  ? Validated<Provider, S>
  : undefined

/** The type a handler must return: what the type provider makes of `schema.response`, else unknown. */
export type ResponseOf<Schema, Provider extends FastifyTypeProvider> = Schema extends { readonly response: infer S }
  ? Serialized<Provider, S>
  : unknown

/** The message that a route's handler and its hooks see. */
export type MessageOf<
  Pattern extends string,
  Schema,
  Provider extends FastifyTypeProvider = FastifyTypeProviderDefault,
> = RoutedMessage<BodyOf<Schema, Provider>, ParamsOf<Pattern, Schema, Provider>, CheckedHeadersOf<Schema, Provider>>

/** The subscription that a route's handler and its hooks see. */
export type SubscriptionOf<
  Pattern extends string,
  Schema,
  Provider extends FastifyTypeProvider = FastifyTypeProviderDefault,
> = RoutedSubscription<ParamsOf<Pattern, Schema, Provider>, CheckedHeadersOf<Schema, Provider>>

/** What a route calls: `this` is the Fastify instance on which the route was added. */
export type RouteHandler<Routed, Result> = (this: FastifyInstance, routed: Routed, reply: StompReply) => Result

/**
 * What the handler of a message route may return, at once or later. Null and undefined publish nothing; a string is
 * `text/plain`; bytes are `application/octet-stream`; all else is JSON, unless the route or the reply name another type.
 * Or an AsyncIterable, such as an async generator makes, whose values are published one after another, each when the
 * broker has taken the one before. The frame is settled when the handler has returned it. It ends with the session:
 * `signal` is aborted and `return()` called.
 */
export type ReturnedFromMessage<Value> = AtOnce<Value> | Promise<AtOnce<Value>>

/**
 * What the handler of a subscription route may return: as for a message route; each value of an AsyncIterable is a
 * MESSAGE of its own. It ends with the session, and with UNSUBSCRIBE.
 */
export type ReturnedFromSubscription<Value> = AtOnce<Value> | Promise<AtOnce<Value>>

type AtOnce<Value> = Value | AsyncIterable<Value | null | undefined> | null | undefined
