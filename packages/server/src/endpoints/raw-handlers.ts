import type { FastifyRequest } from 'fastify'
import type { User } from '../hooks/user.js'
import type { Taken } from '../message/delivery.js'

/** One client of a raw endpoint, over whatever carries it. */
export interface RawConnection {
  /** Unique in the process and over its restarts. */
  readonly id: string
  /** What the application keeps with it; `handshake` may have put the first things in. */
  readonly attributes: Map<string, unknown>
  /**
   * Who `identify` says it is; undefined for an anonymous client. Closes with 4401 when its `expiresAtMs` has come; the
   * client of a link may renew by its HTTP requests, and this is then who `identify` has found anew.
   */
  readonly user: User | undefined
  /** The HTTP request that opened it. */
  readonly request: FastifyRequest
  /** The sub-protocol that was agreed on, if any. */
  readonly protocol: string | undefined
  /** What carries it. A `link` may change its rung underneath. */
  readonly transport: 'websocket' | 'link' | 'sockjs' | 'linked'
  /** Address of the client, as Fastify's `request.ip` has it. */
  readonly remoteAddress: string | undefined
  /** False once it has ended, or was told to: what is sent then is dropped. */
  readonly isOpen: boolean
  /**
   * Sends one message at the end of the turn: a string as text, made well-formed; bytes, which are copied, as binary.
   * `taken`; `full`: taken, but the client reads slowly: hold back until `drained`; `dropped`: it has ended. Messages of
   * one connection arrive in order. A client that falls behind further than `limits.maxOutboxBytes` or
   * `limits.sendTimeoutMs` allow is closed with 1013.
   *
   * @throws StompError STOMP_ERR_BINARY_UNSUPPORTED for bytes over SockJS, which carries text only
   */
  send(data: string | Uint8Array): Taken
  /**
   * Ends it behind what was sent; messages of the client that still wait are not told any more. A second call does
   * nothing.
   *
   * @throws RangeError for a code that may not be sent (RFC 6455, section 7.4) or a reason of more than 123 bytes
   */
  close(code?: number, reason?: string): void
}

/**
 * How a connection ended, as a WebSocket close code, also where the carrier has none: what the side said that ended it;
 * 1005 for a client that gave no code, 1006 for one that vanished.
 */
export interface RawClose {
  readonly code: number
  readonly reason: string
}

/**
 * What stands behind a raw endpoint: an object, or an instance of a class. What `open` and `message` throw is logged and
 * closes that connection with 1011; what `close` and `drained` throw is logged. Others never notice.
 */
export interface RawHandlers {
  /**
   * The last word before a connection, behind Origin and `identify`. Throws to refuse: with its own `statusCode` if that
   * is 400 to 499, else with 403; so does returning false. For a client that comes back to a link it has it may be asked
   * again; what it puts into `attributes` is then dropped.
   */
  handshake?(request: FastifyRequest, attributes: Map<string, unknown>, user: User | undefined): unknown
  /** A connection is there. Messages wait until what it returns has settled. */
  open?(connection: RawConnection): unknown
  /**
   * One message: text as a string, binary as bytes. The next one of the same connection is told when what this returned
   * has settled; meanwhile the client is held back.
   */
  message?(connection: RawConnection, data: string | Uint8Array): unknown
  /** After `send` has returned `full`: there is room again. Does not wait for `open` and `message`. */
  drained?(connection: RawConnection): unknown
  /** The connection has ended; told once for each for which `open` was, behind its messages. */
  close?(connection: RawConnection, status: RawClose): unknown
}

/** All connections of a raw endpoint. */
export interface RawEndpoint {
  /** Those that are open, in the order in which they came. Who comes or goes during the iteration may be seen or not. */
  readonly connections: Iterable<RawConnection>
  /** How many are open. */
  readonly size: number
  /**
   * Sends one message to all, or to those for which `filter` returns true; it is framed once. Bytes pass by clients over
   * SockJS, who can take text only. Returns how many have taken it.
   */
  broadcast(data: string | Uint8Array, filter?: (connection: RawConnection) => boolean): number
}
