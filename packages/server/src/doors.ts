import { allowReading } from '@hoofbeat/sse'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Clock, systemClock } from './clock/clock.js'
import type { Wheel } from './clock/wheel.js'
import type { Connection } from './connection/connection.js'
import { openPlainDoor, type PlainDoorParts } from './endpoints/plain-door.js'
import { type Admission, UpgradeRequired } from './hooks/admission.js'
import type { AllowedOrigins } from './hooks/origin.js'
import { nameOf, type UserLike } from './hooks/user.js'
import { createLinkClock } from './transports/link-clock.js'
import { toAdmitted } from './transports/link-connection.js'
import type { SockJsPeers } from './transports/sockjs/peers.js'
import { openSockJs, type SockJs } from './transports/sockjs/sockjs.js'
import type { SockJsOptions } from './transports/sockjs/sockjs-options.js'
import { type Fallback, type FallbackOptions, openFallback } from './transports/sse.js'
import type { UpgradeGuard } from './transports/upgrade-guard.js'
import { webSocketConnection } from './transports/websocket.js'
import { openWebSocketDoor, type WebSocketDoor } from './transports/websocket-door.js'

/** Over what one path can be reached. */
export interface DoorOptions {
  /** Whether WebSockets are spoken at the path. @default true */
  readonly websocket?: boolean
  /**
   * Whether clients of `@hoofbeat/sse` may come through networks that block or cut WebSockets: over a resumable
   * WebSocket, an event stream or polls, on the same path. @default true
   */
  readonly fallback?: boolean
  /**
   * Whether clients of the SockJS protocol (sockjs-client, Spring's SockJsClient) are served below the path, and how.
   * @default false
   */
  readonly sockjs?: boolean | SockJsOptions
}

/** One path that STOMP clients connect to. */
export interface EndpointOptions extends DoorOptions {
  /** The URL path, below the prefix of the Fastify instance; for example `/stomp`. */
  readonly path: string
}

/** What the doors of all paths are opened with. */
export interface SharedDoorParts {
  readonly fallback: FallbackOptions
  readonly clock: Clock
  readonly wheel: Wheel
  readonly admission: Admission
  readonly allowedOrigins: AllowedOrigins
  readonly guard: UpgradeGuard
  /** The other nodes, for SockJS. @default there are none */
  readonly sockJsPeers?: SockJsPeers | undefined
}

/** What the doors of one path are opened with. */
export interface DoorsParts extends SharedDoorParts {
  /** Chooses one of a client's sub-protocols; false: none. */
  readonly selectProtocol: (offered: Iterable<string>) => string | false
  /**
   * The last word before a new connection, behind Origin and `identify`: rejects with an error that has a `statusCode`
   * to refuse it. May also be asked for a client that comes back to a link it has.
   */
  readonly handshake?: (request: FastifyRequest, identity: UserLike) => Promise<void>
  /** What stands behind the path; called in the tick in which the connection was received. */
  readonly accept: (connection: Connection) => void
  /** For clients without STOMP. @default there is nothing for them */
  readonly plain?: Pick<PlainDoorParts, 'session' | 'authenticate' | 'maxBodyBytes' | 'position'>
}

/** All doors of one path. */
export interface Doors {
  /** No more links and SockJS sessions are opened: the server is ending. */
  refuse(): void
  /** The sessions have ended: lets clients be told, within `withinMs` and a second, and ends every stream. */
  close(withinMs: number): Promise<void>
}

/** How long, at the end of the server, links and SockJS sessions may take to tell their clients of it, in ms. */
const LAST_WORDS_MS = 1_000

/** Opens the doors of one path: WebSocket, the fallback's, SockJS, and those for clients without STOMP. */
export async function openDoors(
  fastify: FastifyInstance,
  path: string,
  options: DoorOptions,
  parts: DoorsParts,
): Promise<Doors> {
  const { websocket = true, fallback = true, sockjs = false } = options
  const { accept, admission, guard } = parts
  const links = fallback ? await openLinks(fastify, path, parts) : undefined
  const sessions = sockjs === false ? undefined : await openSessions(fastify, path, websocket, sockjs, parts)
  if (websocket) {
    const door: Pick<WebSocketDoor, 'admit' | 'selectProtocol' | 'taken'> = {
      async admit(request) {
        const identity = await admission.admit(request)
        await parts.handshake?.(request, identity)
        return identity
      },
      selectProtocol: parts.selectProtocol,
      taken: (socket) => guard.taken(socket),
    }
    openWebSocketDoor(fastify, {
      ...door,
      path,
      answer: (_request, reply) =>
        sessions?.greet(reply) ??
        reply.header('upgrade', 'websocket').header('connection', 'upgrade').send(new UpgradeRequired()),
      accept: (socket, request, identity) => accept(webSocketConnection(socket, request, identity)),
      link: links?.link,
    })
    sessions?.openWebSocketDoors(door)
  } else if (sessions !== undefined) {
    fastify.get(path, { exposeHeadRoute: false, onRequest: refuseUpgrade }, (_request, reply) => sessions.greet(reply))
  }
  const plain =
    parts.plain &&
    (await openPlainDoor(fastify, { ...parts.plain, path, admit: (request) => admission.admit(request), allowReading }))
  return {
    refuse() {
      links?.refuse()
      sessions?.refuse()
    },
    async close(withinMs) {
      plain?.end()
      const lastWordsMs = Math.min(withinMs, LAST_WORDS_MS)
      await Promise.all([sessions?.close(lastWordsMs), links?.close(lastWordsMs)])
    },
  }
}

/** Where no WebSocket is spoken: otherwise the handshake would succeed, only to be followed by a close. */
async function refuseUpgrade(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.ws) reply.callNotFound()
}

/** Whose a new link or session is, and whether it may begin; its Origin was allowed. */
async function identify(request: FastifyRequest, { admission, handshake }: DoorsParts): Promise<UserLike> {
  const identity = await admission.identify(request)
  await handshake?.(request, identity)
  return identity
}

function openLinks(fastify: FastifyInstance, path: string, parts: DoorsParts): Promise<Fallback> {
  const { fallback, clock, wheel, admission, accept } = parts
  return openFallback(fastify, {
    path,
    clock: createLinkClock({ now: () => clock.now(), wheel, isFake: clock !== systemClock }),
    limits: fallback.limits ?? {},
    times: fallback.times ?? {},
    peers: fallback.peers,
    selectProtocol: parts.selectProtocol,
    checkOrigin: admission.checkOrigin,
    admit: async (request) => toAdmitted(await identify(request, parts), request, clock),
    accept,
  })
}

function openSessions(
  fastify: FastifyInstance,
  path: string,
  hasWebSocket: boolean,
  options: true | SockJsOptions,
  parts: DoorsParts,
): Promise<SockJs> {
  const { wheel, admission, allowedOrigins, fallback, accept } = parts
  return openSockJs(fastify, {
    path,
    options: options === true ? {} : options,
    hasWebSocket,
    wheel,
    allowedOrigins,
    leastBodyBytes: fallback.limits?.maxBatchBytes ?? 0,
    checkOrigin: admission.checkOrigin,
    admit: (request) => identify(request, parts),
    subject: async (request) => nameOf(await admission.recognise(request)),
    nameOf: (identity) => nameOf(identity as UserLike),
    peers: parts.sockJsPeers,
    accept,
  })
}
