import type { HeadersInit } from '@hoofbeat/codec'
import type { FastifyInstance } from 'fastify'
import type { RoutedMessage, RoutedSubscription } from './frame-views.js'
import type { StompReply } from './reply.js'
import type { AnyRouted, MessageHookOptions, OneOrMore, StageOptions, SubscriptionHookOptions } from './route-hooks.js'

/**
 * Schemas of a subscription route, in whatever language the instance's validator compiler speaks (JSON Schema by
 * default). References to schemas added with `addSchema` work as in HTTP routes.
 */
export interface SubscriptionSchema {
  readonly params?: unknown
  /**
   * Checked against the first entry of each header; what comes of it is `checkedHeaders`. Names are case-sensitive, unlike
   * in HTTP.
   */
  readonly headers?: unknown
  /**
   * What the handler returns, compiled by the instance's serializer compiler; one schema, no status codes. Strings and
   * bytes pass it by. Where the value is encoded by a codec of another type than JSON, that gets what the serializer has
   * left of it.
   */
  readonly response?: unknown
}

/** Schemas of a message route. */
export interface MessageSchema extends SubscriptionSchema {
  /** Sees `null` where the body is empty, as in HTTP routes. */
  readonly body?: unknown
}

/** What the options of all routes have in common. */
interface RouteOptions<Schema> {
  readonly schema?: Schema
  /**
   * The `content-type` of what the handler returns, and so the codec that encodes it: JSON for `application/json` and
   * `*+json`, and those added with `stomp.addCodec`. Bytes, and strings where no codec was added for the type, go out as
   * they are. `reply.type` goes before it. @default that which goes with the kind of value
   */
  readonly contentType?: string
}

/** Options of a subscription route. */
export interface SubscriptionRouteOptions<
  Schema extends SubscriptionSchema = SubscriptionSchema,
  Subscription = RoutedSubscription,
> extends RouteOptions<Schema>,
    SubscriptionHookOptions<Subscription> {}

/** Options of a message route. */
export interface MessageRouteOptions<Schema extends MessageSchema = MessageSchema, Message = RoutedMessage>
  extends RouteOptions<Schema>,
    MessageHookOptions<Message> {
  /**
   * What a body is taken for whose frame names no `content-type`: old clients send text so. @default 'application/json'
   */
  readonly assumedContentType?: string
  /**
   * Where the value that the handler returns is published; to each destination, if several. In a string `:param` stands
   * for a param of the pattern, exactly as the client wrote it, and `::` for a colon; a message whose param is not one
   * whole segment of a destination is refused before the handler runs. A function is called after the handler; it
   * answers for what it makes of the params. Without it, `sendToUser` and `replyTo`, a value is dropped, and that is
   * reported once.
   */
  readonly sendTo?: SendTo<Message>
  /**
   * Where the value is published for the sender: what follows `/user` in its SUBSCRIBE (`/queue/answers` reaches
   * `/user/queue/answers`), with placeholders as in `sendTo`. To every session of the user, or with `session: 'sender'`
   * to the one that has sent; an anonymous sender is reached in its own session only. Beside `sendTo`, both get it. The
   * `correlation-id` of the frame goes with it.
   */
  readonly sendToUser?: SendToUser | readonly SendToUser[]
  /**
   * The value is published where the `reply-to` header of the frame says, with its `correlation-id`: a temporary queue of
   * the sender, or a user destination of its own. A frame that names neither is refused before the handler runs. Beside
   * `sendTo` and `sendToUser`, all get it. @default false
   */
  readonly replyTo?: boolean
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

/** What `publish` takes beside the value. */
export interface PublishOptions {
  /** Headers of the MESSAGE. Those that only the server may set are dropped. */
  readonly headers?: HeadersInit
  /**
   * The `content-type`, and so by which codec the value is encoded, as for a route. @default that of `headers`, else the
   * one that goes with the kind of value
   */
  readonly contentType?: string
}

// Method signatures on purpose: their parameters are compared both ways, so that a function typed by its schema fits. The
// schema's validator is what makes that true.
interface Forgotten {
  message(this: FastifyInstance, message: RoutedMessage, reply: StompReply): unknown
  subscription(this: FastifyInstance, subscription: RoutedSubscription, reply: StompReply): unknown
  sendTo(message: RoutedMessage): string | readonly string[]
  preHandler(this: FastifyInstance, routed: AnyRouted, reply: StompReply): unknown
  preSerialization(this: FastifyInstance, routed: AnyRouted, reply: StompReply, value: unknown): unknown
}

/** Any message handler, its types forgotten. */
export type MessageHandler = Forgotten['message']
/** Any subscription handler, its types forgotten. */
export type SubscriptionHandler = Forgotten['subscription']

/** Hooks and content type of any route, their types forgotten. */
interface AnyOptions extends Pick<StageOptions, 'onError'> {
  readonly contentType?: string
  readonly preHandler?: OneOrMore<Forgotten['preHandler']>
  readonly preSerialization?: OneOrMore<Forgotten['preSerialization']>
}

/** Any message route's options, their types forgotten. */
export interface AnyMessageRouteOptions extends AnyOptions, Pick<MessageHookOptions, 'authorizeSend'> {
  readonly schema?: MessageSchema
  readonly assumedContentType?: string
  readonly sendTo?: string | readonly string[] | Forgotten['sendTo']
  readonly sendToUser?: SendToUser | readonly SendToUser[]
  readonly replyTo?: boolean
}

/** Any subscription route's options, their types forgotten. */
export interface AnySubscriptionRouteOptions extends AnyOptions, Pick<SubscriptionHookOptions, 'authorizeSubscribe'> {
  readonly schema?: SubscriptionSchema
}

/** Any route, its types forgotten. */
export type AnyRoute =
  | (AnyMessageRouteOptions & { command: 'SEND'; pattern: string; handler: MessageHandler })
  | (AnySubscriptionRouteOptions & { command: 'SUBSCRIBE'; pattern: string; handler: SubscriptionHandler })
