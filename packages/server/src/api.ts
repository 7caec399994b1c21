import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  FastifyTypeProviderDefault,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerBase,
  RawServerDefault,
} from 'fastify'
import type { BrokerAdmin } from './broker/broker.js'
import type { DoorOptions } from './doors.js'
import type { RawEndpoint, RawHandlers } from './endpoints/raw-handlers.js'
import type { StompHooks } from './hooks/hooks.js'
import type {
  AnyMessageRouteOptions,
  ErrorHandler,
  MessageHandler,
  MessageOf,
  MessageRouteOptions,
  MessageSchema,
  PublishOptions,
  ResponseOf,
  Returned,
  ReturnedFromMessage,
  SubscriptionHandler,
  SubscriptionOf,
  SubscriptionRouteOptions,
  SubscriptionSchema,
} from './routes/definition.js'
import type { RouteTable } from './routes/route-table.js'
import type { TcpAddress, TcpListeners } from './transports/tcp.js'
import type { SessionTarget, Users } from './users/users.js'

/**
 * What `fastify.stomp` offers. Routes and hooks belong to the Fastify instance on which they are added: its prefix goes
 * before their patterns, its schemas, compilers and type provider are theirs, and a plugin's hooks apply to the routes of
 * that plugin and its children only. They are added before the application is ready; later the calls throw an Error.
 * A declaration that cannot work (an ill-formed or repeated pattern, an unknown placeholder) throws a TypeError.
 */
export interface StompApi<TypeProvider extends FastifyTypeProvider = FastifyTypeProviderDefault> {
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
   * the same time.
   */
  message<const Pattern extends string, const Schema extends MessageSchema>(
    pattern: Pattern,
    options: MessageRouteOptions<Schema, MessageOf<Pattern, Schema, TypeProvider>>,
    handler: (
      message: MessageOf<Pattern, Schema, TypeProvider>,
    ) => ReturnedFromMessage<ResponseOf<Schema, TypeProvider>>,
  ): void
  message<const Pattern extends string>(
    pattern: Pattern,
    handler: (message: MessageOf<Pattern, unknown, TypeProvider>) => unknown,
  ): void

  /**
   * Answers a SUBSCRIBE below the application prefix with one MESSAGE: what the handler returns; null and undefined send
   * none. Nothing stays subscribed.
   */
  subscription<const Pattern extends string, const Schema extends SubscriptionSchema>(
    pattern: Pattern,
    options: SubscriptionRouteOptions<Schema>,
    handler: (
      subscription: SubscriptionOf<Pattern, Schema, TypeProvider>,
    ) => Returned<ResponseOf<Schema, TypeProvider>>,
  ): void
  subscription<const Pattern extends string>(
    pattern: Pattern,
    handler: (subscription: SubscriptionOf<Pattern, unknown, TypeProvider>) => unknown,
  ): void

  /**
   * Publishes to a broker destination for the application itself; no hook and no rule is asked. Strings, bytes and JSON
   * are encoded as a handler's value is; null and undefined make an empty body. Resolves when the broker has taken the
   * message over.
   */
  publish(destination: string, body: unknown, options?: PublishOptions): Promise<void>

  /**
   * Publishes to every session of a user that is connected now, or with `{ session }` to that one, which may be anonymous;
   * for the application itself. `destination` is what follows `/user` in the SUBSCRIBE: `/queue/notices` reaches who has
   * subscribed to `/user/queue/notices`. Nothing is kept for who is not there. Otherwise as `publish`.
   *
   * @param target A name is the same as `{ user: name }`.
   */
  sendToUser(
    target: string | SessionTarget,
    destination: string,
    body: unknown,
    options?: PublishOptions,
  ): Promise<void>

  /**
   * Opens one or more paths, below the instance's prefix, without STOMP: what clients send goes to the handlers as it is,
   * whatever carries it (WebSocket, the fallback, SockJS if asked for).
   *
   * ```ts
   * const chat = app.stomp.endpoint('/chat', {
   *   message: (connection, data) => chat.broadcast(data, (peer) => peer !== connection),
   * })
   * ```
   *
   * @throws Error when the path has handlers already
   */
  endpoint(path: string | readonly string[], options: RawEndpointOptions): RawEndpoint
  /** The raw endpoint that was opened at the path. @throws Error when there is none */
  endpoint(path: string): RawEndpoint

  /** Who is connected to this server, and to what they have subscribed. */
  readonly users: Users

  /**
   * Ends all sessions of a user, or one session: each is told by an ERROR with the code STOMP_ERR_DISCONNECTED and
   * `reason` as its message, and closed with 1008. Resolves with how many they were, when their connections are gone; 0 if
   * there are none. They may connect again: have `authenticate` refuse who must stay away, before this is called.
   *
   * @param reason Shown to the client.
   */
  disconnect(target: SessionTarget, reason?: string): Promise<number>

  /** What the broker keeps, for operators; undefined where messages are kept elsewhere. */
  readonly admin: BrokerAdmin | undefined

  /**
   * Adds a hook: `authorizeSend` runs before a SEND has any effect, `authorizeSubscribe` before a SUBSCRIBE has. A throw
   * refuses. Hooks run in the order of adding, outer plugins first. Those of the instance on which the plugin was
   * registered apply to broker destinations too; those of inner plugins to their own routes only.
   *
   * `onConnected`, `onSubscribed`, `onUnsubscribed` and `onDisconnected` only look on: they are told when it has happened,
   * of all sessions, on whatever instance they were added, and refuse nothing.
   */
  addHook<Name extends keyof StompHooks>(name: Name, hook: StompHooks[Name]): void

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
   * Where the `tcp` listeners are bound, in the order of the options; those that were `optional` and could not be had are
   * left out. Empty before the application is ready and after its end.
   */
  readonly tcpAddresses: readonly TcpAddress[]
}

/** A raw endpoint: its handlers, and how it is reached; an object, or an instance of a class. */
export interface RawEndpointOptions extends DoorOptions, RawHandlers {
  /** Sub-protocols that are spoken here; the first of the client's list that is among them is agreed on. @default none */
  readonly protocols?: readonly string[]
  /** Largest message of a client, in bytes; a larger one closes with 1009. @default limits.maxBodyBytes */
  readonly maxMessageBytes?: number
}

declare module 'fastify' {
  interface FastifyInstance<
    RawServer extends RawServerBase = RawServerDefault,
    RawRequest extends RawRequestDefaultExpression<RawServer> = RawRequestDefaultExpression<RawServer>,
    RawReply extends RawReplyDefaultExpression<RawServer> = RawReplyDefaultExpression<RawServer>,
    Logger extends FastifyBaseLogger = FastifyBaseLogger,
    TypeProvider extends FastifyTypeProvider = FastifyTypeProviderDefault,
  > {
    /** STOMP routes, hooks and publishing for this instance. */
    stomp: StompApi<TypeProvider>
  }
}

/** What the API forwards to. */
export interface ApiParts {
  /** The instance that `fastify.stomp` was read on. */
  readonly instance: FastifyInstance
  readonly table: RouteTable
  readonly publish: (destination: string, body: unknown, options: PublishOptions) => Promise<void>
  readonly sendToUser: (
    target: SessionTarget,
    destination: string,
    body: unknown,
    options: PublishOptions,
  ) => Promise<void>
  readonly users: Users
  readonly disconnect: (target: SessionTarget, reason: string | undefined) => Promise<number>
  readonly admin: BrokerAdmin | undefined
  readonly openRaw: (instance: FastifyInstance, paths: readonly string[], options: RawEndpointOptions) => RawEndpoint
  /** Those that were opened, by full URL path. */
  readonly rawEndpoints: Map<string, RawEndpoint>
  /** @default no listeners */
  readonly tcp?: Pick<TcpListeners, 'addresses'>
}

/** Makes the API of one Fastify instance. It forwards and decides nothing. */
export function createApi(parts: ApiParts): StompApi {
  const {
    instance,
    table,
    publish,
    sendToUser,
    users,
    disconnect,
    admin,
    rawEndpoints,
    tcp = { addresses: [] },
  } = parts
  return {
    users,
    disconnect: (target, reason) => disconnect(target, reason),
    admin,
    message(pattern: string, ...rest: [MessageHandler] | [AnyMessageRouteOptions, MessageHandler]) {
      const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest
      table.addMessage(instance, pattern, options, handler)
    },
    subscription(pattern: string, ...rest: [SubscriptionHandler] | [SubscriptionRouteOptions, SubscriptionHandler]) {
      const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest
      table.addSubscription(instance, pattern, options, handler)
    },
    endpoint(path: string | readonly string[], options?: RawEndpointOptions) {
      const paths = typeof path === 'string' ? [path] : path
      const urls = paths.map((each) => `${instance.prefix}${each}`)
      if (options === undefined) {
        const known = rawEndpoints.get(urls[0] ?? '')
        if (known === undefined) throw new Error(`no raw endpoint was opened at ${urls[0]}`)
        return known
      }
      for (const url of urls) if (rawEndpoints.has(url)) throw new Error(`a raw endpoint is open at ${url} already`)
      const endpoint = parts.openRaw(instance, paths, options)
      for (const url of urls) rawEndpoints.set(url, endpoint)
      return endpoint
    },
    publish: (destination, body, options = {}) => publish(destination, body, options),
    sendToUser: (target, destination, body, options = {}) =>
      sendToUser(typeof target === 'string' ? { user: target } : target, destination, body, options),
    addHook: (name, hook) => table.addHook(instance, name, hook),
    setErrorHandler: (handler) => table.setErrorHandler(instance, handler),
    get tcpAddresses() {
      return tcp.addresses
    },
  }
}
