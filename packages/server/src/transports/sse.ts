import {
  type Admitted,
  createLinks,
  forwardedSocket,
  type HttpPeers,
  LINK_PROTOCOL,
  type LinkClock,
  type LinkLimits,
  type Links,
  type LinkTimes,
  linkSocket,
  openHttpDoors,
  type PeerClaim,
} from '@hoofbeat/sse'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Connection } from '../connection/connection.js'
import { type LinkAdmission, linkConnection } from './link-connection.js'
import type { LinkDoor } from './websocket-door.js'

/** Bounds and times of the fallback's links; each has a default. */
export interface FallbackOptions {
  readonly limits?: Partial<LinkLimits>
  readonly times?: Partial<LinkTimes>
  /**
   * The other nodes of a cluster: any node may then get any request of a link. `createHttpPeers` of `@hoofbeat/sse`
   * makes them; one for all endpoints. @default requests of a link must all come to the node that opened it
   */
  readonly peers?: HttpPeers
}

/** What the fallback of one path needs. */
export interface FallbackDoor {
  readonly path: string
  readonly clock: LinkClock
  readonly limits: Partial<LinkLimits>
  readonly times: Partial<LinkTimes>
  readonly peers: HttpPeers | undefined
  /** Chooses one of a client's sub-protocols; false: none. */
  readonly selectProtocol: (offered: readonly string[]) => string | false
  /** The Origin rule: may this page talk to us? Rejects with an error that has a `statusCode`. */
  readonly checkOrigin: (request: FastifyRequest) => Promise<void>
  /** Who this is; rejects with an error that has a `statusCode`. */
  readonly admit: (request: FastifyRequest) => Promise<Admitted<LinkAdmission>>
  readonly accept: (connection: Connection) => void
}

/** The links of one path. */
export interface Fallback {
  /** Takes the WebSockets that speak the sub-protocol of links. */
  readonly link: LinkDoor
  /** No more links are opened. */
  refuse(): void
  /** Lets links that are closing tell their clients, for `withinMs` at most, and ends every carrier. */
  close(withinMs: number): Promise<void>
}

/** Opens the HTTP doors of the link protocol at one path, and gives what takes its WebSockets. */
export async function openFallback(fastify: FastifyInstance, door: FallbackDoor): Promise<Fallback> {
  const { path, clock, limits, times, peers } = door
  const links: Links<LinkAdmission> = createLinks<LinkAdmission>({
    clock,
    limits,
    times,
    peers: peers?.at(`${fastify.prefix}${path}`),
    selectProtocol: (offered) => door.selectProtocol(offered) || undefined,
    accept: (link) => door.accept(linkConnection(link)),
  })
  await openHttpDoors(fastify, { path, links, clock, peers, checkOrigin: door.checkOrigin, admit: door.admit })
  /** Upgrades that another node has passed on: it has asked who this is. */
  const claims = new WeakMap<FastifyRequest, PeerClaim>()
  const link: LinkDoor = {
    asksForLink,
    async admit(request) {
      const claim = peers?.verify(request.headers, 'socket', undefined)
      if (claim === undefined) return admitSocket(request, door)
      claims.set(request, claim)
      return undefined
    },
    identity: (admitted) => (admitted as Admitted<LinkAdmission>).admission.identity,
    accept(socket, request, admitted) {
      const carrier = linkSocket(socket, request.raw.socket)
      const claim = claims.get(request)
      if (claim !== undefined) return links.acceptSocket(carrier, forwardedSocket(claim))
      links.acceptSocket(carrier, {
        origin: request.headers.origin,
        remoteAddress: request.ip,
        protocols: offeredProtocols(request),
        admitted: admitted as Admitted<LinkAdmission> | undefined,
      })
    },
  }
  return {
    link,
    refuse: () => links.refuse(),
    close: (withinMs) => links.close(withinMs),
  }
}

/** Whether an upgrade is to carry a link. */
export function asksForLink(request: FastifyRequest): boolean {
  return offeredProtocols(request).includes(LINK_PROTOCOL)
}

/** All sub-protocols that an upgrade request offers, in its order. */
function offeredProtocols(request: FastifyRequest): string[] {
  const offered = request.headers['sec-websocket-protocol'] ?? ''
  return offered
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '')
}

/** A page without credentials, which browsers cannot send with an upgrade, may still attach a link that it has opened. */
async function admitSocket(request: FastifyRequest, door: FallbackDoor): Promise<Admitted<LinkAdmission> | undefined> {
  await door.checkOrigin(request)
  return door.admit(request).catch((error: unknown) => {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === 401) return undefined
    throw error
  })
}
