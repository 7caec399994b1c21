import { allowReading } from '@hoofbeat/sse'
import type { FastifyInstance } from 'fastify'
import { type Clock, systemClock } from './clock/clock.js'
import type { Wheel } from './clock/wheel.js'
import type { Endpoint } from './endpoints/endpoint.js'
import { openPlainDoor } from './endpoints/plain-door.js'
import { type Admission, UpgradeRequired } from './hooks/admission.js'
import type { AuthenticateHook } from './hooks/hooks.js'
import type { SessionParts } from './session/session.js'
import { createLinkClock } from './transports/link-clock.js'
import { toAdmitted } from './transports/link-connection.js'
import { type Fallback, type FallbackOptions, openFallback } from './transports/sse.js'
import type { UpgradeGuard } from './transports/upgrade-guard.js'
import { openWebSocketDoor } from './transports/websocket-door.js'

/** One path that clients connect to. */
export interface EndpointOptions {
  /** The URL path, below the prefix of the Fastify instance; for example `/stomp`. */
  readonly path: string
  /**
   * Whether clients of `@hoofbeat/sse` may come through networks that block or cut WebSockets: over a resumable
   * WebSocket, an event stream or polls, on the same path. @default true
   */
  readonly fallback?: boolean
}

/** What the doors of all paths are opened with. */
export interface DoorsParts {
  readonly authenticate: AuthenticateHook | undefined
  /** Largest body of a message, in bytes. */
  readonly maxBodyBytes: number
  readonly fallback: FallbackOptions
  readonly clock: Clock
  readonly wheel: Wheel
  readonly admission: Admission
  readonly guard: UpgradeGuard
  readonly endpoint: Endpoint
  readonly session: SessionParts
  readonly position: () => string | undefined
}

/** All doors of one path. */
export interface Doors {
  /** No more links are opened: the server is ending. */
  refuse(): void
  /** The sessions have ended: lets links tell their clients, within `withinMs` and a second, and ends every stream. */
  close(withinMs: number): Promise<void>
}

/** How long, at the end of the server, links may take to tell their clients of it, in ms. */
const LAST_WORDS_MS = 1_000

/** True unless the endpoint says otherwise. */
export function hasFallback({ fallback = true }: EndpointOptions): boolean {
  return fallback
}

/** Full URL paths of endpoints. */
export function pathsOf(fastify: FastifyInstance, endpoints: readonly EndpointOptions[]): ReadonlySet<string> {
  return new Set(endpoints.map(({ path }) => `${fastify.prefix}${path}`))
}

/** Opens the doors of one path: WebSocket, the fallback's, and those for clients without STOMP. */
export async function openDoors(fastify: FastifyInstance, options: EndpointOptions, parts: DoorsParts): Promise<Doors> {
  const { path } = options
  const { admission, authenticate, endpoint, guard, maxBodyBytes, session } = parts
  const fallback = hasFallback(options) ? await openLinks(fastify, path, parts) : undefined
  openWebSocketDoor(fastify, {
    path,
    admit: admission.admit,
    upgradeRequired: () => new UpgradeRequired(),
    accept: (connection) => endpoint.accept(connection),
    link: fallback?.link,
    taken: (socket) => guard.taken(socket),
  })
  const plain = await openPlainDoor(fastify, {
    path,
    session,
    authenticate,
    maxBodyBytes,
    position: parts.position,
    admit: admission.admit,
    allowReading,
  })
  return {
    refuse: () => fallback?.refuse(),
    async close(withinMs) {
      plain.end()
      await fallback?.close(Math.min(withinMs, LAST_WORDS_MS))
    },
  }
}

function openLinks(fastify: FastifyInstance, path: string, parts: DoorsParts): Promise<Fallback> {
  const { fallback, clock, wheel, admission, endpoint } = parts
  return openFallback(fastify, {
    path,
    clock: createLinkClock({ now: () => clock.now(), wheel, isFake: clock !== systemClock }),
    limits: fallback.limits ?? {},
    times: fallback.times ?? {},
    peers: fallback.peers,
    checkOrigin: admission.checkOrigin,
    admit: async (request) => toAdmitted(await admission.identify(request), request, clock),
    accept: (connection) => endpoint.accept(connection),
  })
}
