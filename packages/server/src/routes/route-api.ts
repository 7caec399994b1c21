import type { FastifyInstance, FastifyTypeProvider } from 'fastify'
import type { StompHooks } from '../hooks/hooks.js'
import type { StompCodec } from './codecs.js'
import type { DecoratedAs, DecoratorGetter } from './decorators.js'
import type {
  AnyMessageRouteOptions,
  AnyRoute,
  AnySubscriptionRouteOptions,
  MessageHandler,
  MessageRouteOptions,
  MessageSchema,
  SubscriptionHandler,
  SubscriptionRouteOptions,
  SubscriptionSchema,
} from './definition.js'
import type { AddableHooks } from './encapsulation.js'
import type { ErrorHandler, OnInstance, StageHooks } from './route-hooks.js'
import type { RouteTable } from './route-table.js'
import type {
  MessageOf,
  ResponseOf,
  ReturnedFromMessage,
  ReturnedFromSubscription,
  RouteHandler,
  SubscriptionOf,
} from './route-types.js'

/** A message route in one object. */
export interface MessageRoute<
  Pattern extends string,
  Schema extends MessageSchema,
  Provider extends FastifyTypeProvider,
> extends MessageRouteOptions<Schema, MessageOf<Pattern, Schema, Provider>> {
  readonly command: 'SEND'
  readonly pattern: Pattern
  readonly handler: RouteHandler<
    MessageOf<Pattern, Schema, Provider>,
    ReturnedFromMessage<ResponseOf<Schema, Provider>>
  >
}

/** A subscription route in one object. */
export interface SubscriptionRoute<
  Pattern extends string,
  Schema extends SubscriptionSchema & { readonly body?: unknown },
  Provider extends FastifyTypeProvider,
> extends SubscriptionRouteOptions<Schema, SubscriptionOf<Pattern, Schema, Provider>> {
  readonly command: 'SUBSCRIBE'
  readonly pattern: Pattern
  readonly handler: RouteHandler<
    SubscriptionOf<Pattern, Schema, Provider>,
    ReturnedFromSubscription<ResponseOf<Schema, Provider>>
  >
}

/** What `fastify.stomp` offers to declare routes, and what belongs to them. */
export interface RouteApi<TypeProvider extends FastifyTypeProvider> {
  /**
   * Handles what clients SEND to destinations below the application prefix. Patterns are written as for HTTP routes, with
   * `/` between segments.
   *
   * ```ts
   * app.stomp.message('/hello/:room', { sendTo: '/topic/greetings/:room' }, async (message) => {
   *   return { content: `Hello from ${message.params.room}!` }
   * })
   * ```
   *
   * What the handler throws refuses the SEND with STOMP_ERR_HANDLER_FAILED; a StompError, or an error with a `statusCode`
   * of 400 to 499, is shown to the client as it is. Handlers of one session start in the order of its frames and run at
   * the same time. `this` of a handler is the Fastify instance on which the route was added.
   */
  message<const Pattern extends string, const Schema extends MessageSchema>(
    pattern: Pattern,
    options: MessageRouteOptions<Schema, MessageOf<Pattern, Schema, TypeProvider>>,
    handler: RouteHandler<
      MessageOf<Pattern, Schema, TypeProvider>,
      ReturnedFromMessage<ResponseOf<Schema, TypeProvider>>
    >,
  ): void
  message<const Pattern extends string>(
    pattern: Pattern,
    handler: RouteHandler<MessageOf<Pattern, object, TypeProvider>, unknown>,
  ): void

  /**
   * Answers a SUBSCRIBE below the application prefix with one MESSAGE: what the handler returns; null and undefined send
   * none. An AsyncIterable is answered by a MESSAGE for each of its values, until its end, the UNSUBSCRIBE or the end of
   * the session; nothing else keeps the subscription.
   */
  subscription<const Pattern extends string, const Schema extends SubscriptionSchema>(
    pattern: Pattern,
    options: SubscriptionRouteOptions<Schema, SubscriptionOf<Pattern, Schema, TypeProvider>>,
    handler: RouteHandler<
      SubscriptionOf<Pattern, Schema, TypeProvider>,
      ReturnedFromSubscription<ResponseOf<Schema, TypeProvider>>
    >,
  ): void
  subscription<const Pattern extends string>(
    pattern: Pattern,
    handler: RouteHandler<SubscriptionOf<Pattern, object, TypeProvider>, unknown>,
  ): void

  /**
   * A route in one object, as Fastify's `route`: `command: 'SEND'` is what `message` declares, `command: 'SUBSCRIBE'` what
   * `subscription` does.
   */
  route<const Pattern extends string, const Schema extends MessageSchema>(
    route: MessageRoute<Pattern, Schema, TypeProvider> | SubscriptionRoute<Pattern, Schema, TypeProvider>,
  ): void

  /**
   * Adds a hook. Of the routes' hooks those of this instance and of the plugins within it are concerned; they run in the
   * order of adding, outer plugins first, and behind them those that a route has among its options.
   *
   * - `authorizeSend` runs before a SEND has any effect, `authorizeSubscribe` before a SUBSCRIBE has. A throw refuses.
   *   Those of the instance on which the plugin was registered apply to broker destinations too.
   * - `preHandler` runs when a frame is valid, before the handler. A throw refuses.
   * - `preSerialization` sees what a handler has returned, before it is encoded, and may replace it.
   * - `onError` looks on when a route has failed.
   *
   * All other hooks only look on: they are told when it has happened, of all sessions, on whatever instance they were
   * added, and refuse nothing.
   */
  addHook<Name extends 'authorizeSend' | 'authorizeSubscribe'>(name: Name, hook: OnInstance<StompHooks[Name]>): void
  addHook<Name extends keyof StompHooks>(name: Name, hook: StompHooks[Name]): void
  addHook<Name extends keyof StageHooks>(name: Name, hook: StageHooks[Name]): void

  /**
   * Names who is asked when a route of this instance, or of plugins within it that name none of their own, has failed: the
   * handler has thrown, or a body, params or headers do not fit their schema. What it returns, encoded as a handler's
   * value is, goes to the sender as a MESSAGE at `/user/queue/errors`, with the `receipt-id` of the frame; there is no
   * RECEIPT, and the session lives. Null and undefined send nothing. Where the sender does not listen there, and where the
   * error handler throws, the session is told by ERROR and closed, as without it. Frames of a transaction that do not fit
   * are always answered by ERROR.
   */
  setErrorHandler(handler: ErrorHandler): void

  /**
   * Adds a codec for the content types that it names: the routes of this instance and of plugins within it read bodies by
   * it, and write values by it where `contentType`, `reply.type` or the options of `publish` say so. The nearest one
   * counts. One for `application/json` takes the place of the built-in JSON, save where `schema.response` writes it.
   *
   * @throws TypeError for what is no codec, and for a type for which this instance has one already
   */
  addCodec(codec: StompCodec): void

  /**
   * Adds a member to the messages and subscriptions that handlers and hooks of this instance, and of plugins within it,
   * see: a value to begin with, a function, or `{ getter }`. Declare it by merging into `MessageDecorators`.
   *
   * @throws TypeError for a name that is taken, and for an object, which all messages would share
   */
  decorateMessage<const Name extends string>(
    name: Name,
    value?: DecoratedAs<Name> | DecoratorGetter<DecoratedAs<Name>> | null,
  ): void
}

/** Makes the routes' part of one Fastify instance's API. It forwards and decides nothing. */
export function createRouteApi<TypeProvider extends FastifyTypeProvider>(
  instance: FastifyInstance,
  table: RouteTable,
): RouteApi<TypeProvider> {
  return {
    message(pattern: string, ...rest: [MessageHandler] | [AnyMessageRouteOptions, MessageHandler]) {
      const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest
      table.add(instance, 'stomp.message', { ...options, command: 'SEND', pattern, handler })
    },
    subscription(pattern: string, ...rest: [SubscriptionHandler] | [AnySubscriptionRouteOptions, SubscriptionHandler]) {
      const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest
      table.add(instance, 'stomp.subscription', { ...options, command: 'SUBSCRIBE', pattern, handler })
    },
    route: (route: AnyRoute) => table.add(instance, 'stomp.route', route),
    addHook: <Name extends keyof AddableHooks>(name: Name, hook: AddableHooks[Name]) =>
      table.addHook(instance, name, hook),
    setErrorHandler: (handler) => table.setErrorHandler(instance, handler),
    addCodec: (codec) => table.addCodec(instance, codec),
    decorateMessage: (name, value) => table.decorateMessage(instance, name, value),
  }
}
