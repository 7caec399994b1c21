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
import type { Broker, BrokerAdmin } from './broker/broker.js'
import type { DoorOptions } from './doors.js'
import type { RawEndpoint, RawHandlers } from './endpoints/raw-handlers.js'
import type { Codecs } from './routes/codecs.js'
import type { PublishOptions } from './routes/definition.js'
import { createRouteApi, type RouteApi } from './routes/route-api.js'
import type { RouteTable } from './routes/route-table.js'
import type { TcpAddress, TcpListeners } from './transports/tcp.js'
import type { SessionTarget, Users } from './users/users.js'

/**
 * What `fastify.stomp` offers. Routes and hooks belong to the Fastify instance on which they are added: its prefix goes
 * before their patterns, its schemas, compilers and type provider are theirs, and a plugin's hooks apply to the routes of
 * that plugin and its children only. They are added before the application is ready; later the calls throw an Error.
 * A declaration that cannot work (an ill-formed or repeated pattern, an unknown placeholder) throws a TypeError.
 */
export interface StompApi<TypeProvider extends FastifyTypeProvider = FastifyTypeProviderDefault>
  extends RouteApi<TypeProvider> {
  /**
   * Publishes to a broker destination for the application itself; no hook and no rule is asked. The value is encoded as a
   * handler's is, by the codecs of this instance; null and undefined make an empty body. Resolves when the broker has
   * taken the message over. Rejects with a TypeError for what cannot be encoded.
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

  /** Who is connected, and to what they have subscribed: to this server, and to all other nodes that share its broker. */
  readonly users: Users

  /**
   * Ends all sessions of a user, or one session: each is told by an ERROR with the code STOMP_ERR_DISCONNECTED and
   * `reason` as its message, and closed with 1008. Resolves with how many they were, when their connections are gone; 0 if
   * there are none. They may connect again: have `authenticate` refuse who must stay away, before this is called.
   *
   * Of several nodes that share a broker it ends the sessions on all, and counts those of the nodes that answer within
   * 10 s. A node that is away from the broker meanwhile ends its own when it is back, within 10 minutes: of a user those
   * that had begun before this was called. So it may have resolved, and sessions that could not be told of it still go
   * on. It rejects with STOMP_ERR_BROKER_UNAVAILABLE where it is this node that is away: its own have ended then, and the
   * others are told when it is back.
   *
   * @param reason Shown to the client.
   */
  disconnect(target: SessionTarget, reason?: string): Promise<number>

  /** How the broker is, for operators: what a readiness check asks. */
  readonly broker: BrokerState

  /** What the broker keeps, for operators; undefined where messages are kept elsewhere. */
  readonly admin: BrokerAdmin | undefined

  /**
   * Where the `tcp` listeners are bound, in the order of the options; those that were `optional` and could not be had are
   * left out. Empty before the application is ready and after its end.
   */
  readonly tcpAddresses: readonly TcpAddress[]
}

/** How the broker is at the moment. */
export interface BrokerState {
  /**
   * False while a broker elsewhere cannot be reached: sessions stay connected, and what is for the broker waits, for a
   * bounded time. The hook `onBrokerAvailability` tells each change. Always true with a broker inside the process.
   */
  readonly isAvailable: boolean
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
  readonly publish: (destination: string, body: unknown, options: PublishOptions, codecs: Codecs) => Promise<void>
  readonly sendToUser: (
    target: SessionTarget,
    destination: string,
    body: unknown,
    options: PublishOptions,
    codecs: Codecs,
  ) => Promise<void>
  readonly users: Users
  readonly disconnect: (target: SessionTarget, reason: string | undefined) => Promise<number>
  readonly broker: Pick<Broker, 'admin' | 'isAvailable'>
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
    broker,
    rawEndpoints,
    tcp = { addresses: [] },
  } = parts
  return {
    ...createRouteApi(instance, table),
    users,
    disconnect: (target, reason) => disconnect(target, reason),
    broker: {
      get isAvailable() {
        return broker.isAvailable ?? true
      },
    },
    admin: broker.admin,
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
    publish: (destination, body, options = {}) => publish(destination, body, options, table.codecs(instance)),
    sendToUser: (target, destination, body, options = {}) =>
      sendToUser(
        typeof target === 'string' ? { user: target } : target,
        destination,
        body,
        options,
        table.codecs(instance),
      ),
    get tcpAddresses() {
      return tcp.addresses
    },
  }
}
