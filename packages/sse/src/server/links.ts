import type { LinkSizes } from '../wire/requests.js'
import type { LinkClock } from './clock.js'
import type { Exchange } from './exchange.js'
import type { Link } from './link.js'
import type { LinkSocket, SocketRequest } from './link-socket.js'
import type { Peers } from './peers.js'

export type { SocketRequest } from './link-socket.js'

/** Bounds of links; the sizes are told to the client (PROTOCOL.md, section 13). */
export interface LinkLimits {
  /** Greatest message, in bytes. @default 82944 */
  readonly maxMessageBytes: number
  /** Greatest body of a request, in bytes; at least two greatest messages. @default 262144 */
  readonly maxBatchBytes: number
  /** Most items of a batch. @default 256 */
  readonly maxBatchItems: number
  /** Accepted messages that wait for a paused application, in bytes per link. @default 1048576 */
  readonly maxInboxBytes: number
  /** Unacknowledged down messages, in bytes per link. @default 1048576 */
  readonly maxRetainedBytes: number
  /** The same over all links without an attach; beyond it the longest detached ones end with 4429. @default 268435456 */
  readonly maxRetainedBytesTotal: number
  /** @default 20000 */
  readonly maxLinks: number
  /** Links of one authenticated subject. @default 100 */
  readonly maxLinksPerSubject: number
  /** Links of one address that nobody has authenticated. @default 200 */
  readonly maxAnonymousLinksPerAddress: number
  /** Opens and upgrades of one address: so many a second, with a burst of `maxOpenBurst`. @default 50 */
  readonly maxOpensPerSecond: number
  /** @default 500 */
  readonly maxOpenBurst: number
  /** Requests of one link at once. @default 4 */
  readonly maxRequestsPerLink: number
  /** Attaches of one link a second; more are held back. @default 20 */
  readonly maxAttachesPerSecond: number
  /** Ups of one link a second; more are held back. @default 50 */
  readonly maxUpsPerSecond: number
}

/** Times of links, in ms. */
export interface LinkTimes {
  /** Something is said at least this often. @default 15000 */
  readonly beatMs: number
  /** How long a link without an attach is kept. Above 60 s where hidden tabs matter. @default 120000 */
  readonly graceMs: number
  /** How long a poll is held. @default 25000 */
  readonly holdMs: number
  /** How long a new link may stay unused, and a new socket silent: longer than one `up` may take. @default 30000 */
  readonly freshMs: number
  /** How long a carrier may take to drain before the attach ends. @default 20000 */
  readonly drainMs: number
  /** Silence of the client after which its attach ends. @default 75000 */
  readonly silenceMs: number
}

/** What the link table is built with. */
export interface LinksParts<Admission> {
  readonly clock: LinkClock
  /** What is not given has its default. */
  readonly limits?: Partial<LinkLimits>
  readonly times?: Partial<LinkTimes>
  /** The other nodes, who own links too. @default there are none: what is not ours is unknown */
  readonly peers?: Peers<Admission> | undefined
  /** Chooses one of the client's sub-protocols; undefined: none is spoken, and the link goes on without. */
  selectProtocol(offered: readonly string[]): string | undefined
  /** A link has been taken up by its client: the application attaches to it in this call. */
  accept(link: Link<Admission>): void
}

/** All links that this node owns. */
export interface Links<Admission> {
  /** Serves one HTTP request, until its reply is given or its stream has begun. Never rejects. */
  serve(exchange: Exchange<Admission>): Promise<void>
  /**
   * Takes an upgraded WebSocket, in the tick in which it was received. `admitted` undefined: nobody is known, so that no
   * new link is greeted and only an existing one can be attached.
   */
  acceptSocket(socket: LinkSocket, request: SocketRequest<Admission>): void
  /** How many links there are, by what carries them. */
  readonly counts: LinkCounts
  /** No more links are opened: 503. Those that are there go on. */
  refuse(): void
  /** Waits until links that are closing have told their clients, at most `withinMs`; then ends all that is left. */
  close(withinMs: number): Promise<void>
}

/** Numbers for metrics. */
export interface LinkCounts {
  readonly websocket: number
  readonly stream: number
  readonly poll: number
  readonly detached: number
  readonly closing: number
  /** Bytes that wait to be acknowledged. */
  readonly retainedBytes: number
}

/** The sizes as the client is told them. */
export function toldSizes(limits: LinkLimits): LinkSizes {
  return { message: limits.maxMessageBytes, batch: limits.maxBatchBytes, retain: limits.maxRetainedBytes }
}
