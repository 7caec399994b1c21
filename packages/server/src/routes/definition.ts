import type { Headers, HeadersInit } from '@hoofbeat/codec'
import type { FastifyBaseLogger, FastifyTypeProvider, FastifyTypeProviderDefault } from 'fastify'
import type { User } from '../hooks/user.js'
import type { PathParams } from './path-params.js'

/** What a handler is told of the frame that called it. */
export interface RoutedFrame<Params = unknown> {
  /** As the client wrote it. */
  readonly destination: string
  /** What the pattern's params stand for, exactly as the client wrote it; validated if there is a `schema.params`. */
  readonly params: Params
  /** All headers of the frame, as sent: `schema.headers` checks them but changes nothing here. */
  readonly headers: Headers
  /** Undefined for an anonymous session. */
  readonly user: User | undefined
  readonly sessionId: string
  /** Aborted when the session ends: hand it on to what a handler waits for. */
  readonly signal: AbortSignal
  /** A child of the instance's logger that names the session. */
  readonly log: FastifyBaseLogger
}

/** A SEND, as the handler of a message route sees it. */
export interface RoutedMessage<Body = unknown, Params = unknown> extends RoutedFrame<Params> {
  /**
   * Parsed by content type: JSON for `application/json`, `*+json` and, unless the route says else, where there is none; a string for `text/*` (UTF-8
   * only); for everything else the bytes of the frame, not copied: do not change them, and keep a `slice()` if a small
   * body is to be kept for long. Undefined if the body is empty, whatever its type. What `schema.body` coerces or fills
   * in is what stands here.
   */
  readonly body: Body
  /** Media type in lower case, without parameters; undefined if the frame named none. */
  readonly contentType: string | undefined
}

/** A SUBSCRIBE, as the handler of a subscription route sees it. */
export interface RoutedSubscription<Params = unknown> extends RoutedFrame<Params> {}

/** The frame whose route has failed, as an error handler sees it: nothing in it was validated. */
export interface FailedFrame extends RoutedFrame<Readonly<Record<string, string>>> {
  readonly command: 'SEND' | 'SUBSCRIBE'
}

/**
 * Told of what a route's handler has thrown, and of bodies, params and headers that do not fit their schema (a
 * StompError). What it returns is sent to `/user/queue/errors` of the sender, if it listens there.
 */
export type ErrorHandler = (error: Error, frame: FailedFrame) => unknown

/**
 * Schemas of a subscription route, in whatever language the instance's validator compiler speaks (JSON Schema by
 * default). References to schemas added with `addSchema` work as in HTTP routes.
 */
export interface SubscriptionSchema {
  readonly params?: unknown
  /** Checked against the first entry of each header. Names are case-sensitive, unlike in HTTP. */
  readonly headers?: unknown
  /**
   * What the handler returns, compiled by the instance's serializer compiler; one schema, no status codes. Strings and
   * bytes pass it by.
   */
  readonly response?: unknown
}

/** Schemas of a message route. */
export interface MessageSchema extends SubscriptionSchema {
  /** Sees `null` where the body is empty, as in HTTP routes. */
  readonly body?: unknown
}

/** Options of a subscription route. */
export interface SubscriptionRouteOptions<Schema extends SubscriptionSchema = SubscriptionSchema> {
  readonly schema?: Schema
}

/** Options of a message route. */
export interface MessageRouteOptions<Schema extends MessageSchema = MessageSchema, Message = RoutedMessage> {
  readonly schema?: Schema
  /**
   * What a body is taken for whose frame names no `content-type`: old clients send text so. @default 'application/json'
   */
  readonly assumedContentType?: string
  /**
   * Where the value that the handler returns is published; to each destination, if several. In a string `:param` stands
   * for a param of the pattern, exactly as the client wrote it, and `::` for a colon; a message whose param is not one
   * whole segment of a destination is refused before the handler runs. A function is called after the handler; it
   * answers for what it makes of the params. Without it and `sendToUser`, a value is dropped, and that is reported once.
   */
  readonly sendTo?: SendTo<Message>
  /**
   * Where the value is published for the sender: what follows `/user` in its SUBSCRIBE (`/queue/answers` reaches
   * `/user/queue/answers`), with placeholders as in `sendTo`. To every session of the user, or with `session: 'sender'`
   * to the one that has sent; an anonymous sender is reached in its own session only. Beside `sendTo`, both get it.
   */
  readonly sendToUser?: SendToUser | readonly SendToUser[]
}

/** Destinations: fixed, with placeholders, or chosen for each message. */
export type SendTo<Message = RoutedMessage> =
  | string
  | readonly string[]
  | ((message: Message) => string | readonly string[])

/** A destination of the sender's own. */
export type SendToUser =
  | string
  | {
      readonly destination: string
      /** Which sessions of the user. @default 'all' */
      readonly session?: 'all' | 'sender'
    }

/**
 * What a handler may return, at once or later. Null and undefined publish nothing; a string is `text/plain`; bytes are
 * `application/octet-stream`; all else is JSON.
 */
export type Returned<Value> = Value | null | undefined | Promise<Value | null | undefined>

/**
 * What the handler of a message route may return: as {@link Returned}, or an AsyncIterable, such as an async generator
 * makes, whose values are published one after another, each when the broker has taken the one before. The frame is
 * settled when the handler has returned it. It ends with the session: `signal` is aborted and `return()` called.
 */
export type ReturnedFromMessage<Value> = AtOnce<Value> | Promise<AtOnce<Value>>
type AtOnce<Value> = Value | AsyncIterable<Value | null | undefined> | null | undefined

/** What `publish` takes beside the value. */
export interface PublishOptions {
  /** Headers of the MESSAGE. Those that only the server may set are dropped. */
  readonly headers?: HeadersInit
  /** The `content-type`. @default that of `headers`, else the one that goes with the kind of value */
  readonly contentType?: string
}

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

/** The type a handler must return: what the type provider makes of `schema.response`, else unknown. */
export type ResponseOf<Schema, Provider extends FastifyTypeProvider> = Schema extends { readonly response: infer S }
  ? Serialized<Provider, S>
  : unknown

/** The message that a route's handler and its `sendTo` see. */
export type MessageOf<
  Pattern extends string,
  Schema,
  Provider extends FastifyTypeProvider = FastifyTypeProviderDefault,
> = RoutedMessage<BodyOf<Schema, Provider>, ParamsOf<Pattern, Schema, Provider>>

/** The subscription that a route's handler sees. */
export type SubscriptionOf<
  Pattern extends string,
  Schema,
  Provider extends FastifyTypeProvider = FastifyTypeProviderDefault,
> = RoutedSubscription<ParamsOf<Pattern, Schema, Provider>>

// Method signatures on purpose: their parameters are compared both ways, so that a handler typed by its schema fits.
// The schema's validator is what makes that true.
interface Handlers {
  message(message: RoutedMessage): unknown
  subscription(subscription: RoutedSubscription): unknown
  sendTo(message: RoutedMessage): string | readonly string[]
}

/** Any message handler, its types forgotten. */
export type MessageHandler = Handlers['message']
/** Any subscription handler, its types forgotten. */
export type SubscriptionHandler = Handlers['subscription']

/** Any message route's options, their types forgotten. */
export interface AnyMessageRouteOptions {
  readonly schema?: MessageSchema
  readonly assumedContentType?: string
  readonly sendTo?: string | readonly string[] | Handlers['sendTo']
  readonly sendToUser?: SendToUser | readonly SendToUser[]
}
