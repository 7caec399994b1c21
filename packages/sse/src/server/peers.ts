import type { Exchange } from './exchange.js'
import type { LinkSocket, SocketRequest } from './link-socket.js'

/**
 * What is known of who owns the links of an alias. `gone` is for ever: it ends links, so only who knows may say it;
 * `unknown` means that the client may come again.
 */
export type PeerState = 'reachable' | 'gone' | 'unknown'

/** One node, as its peers reach it. */
export interface PeerNode<Admission> {
  /** Serves what another node has passed on, until its reply is given or its stream has begun. Never rejects. */
  serve(exchange: Exchange<Admission>): Promise<void>
  /** Takes a WebSocket that another node has greeted; `first` is what its client has said there: the control `a`. */
  acceptSocket(socket: LinkSocket, request: SocketRequest<Admission>, first: string): void
}

/**
 * The other nodes of a cluster. Any node may get any request: it reads in the link id who owns the link, and passes the
 * request on (PROTOCOL.md, section 14). What is passed on carries `forwarded`, and is never passed on again.
 */
export interface Peers<Admission = unknown> {
  /** This node owns the links of the alias from now on, until the function returned is called. */
  join(alias: string, node: PeerNode<Admission>): () => void
  /** What is known of an alias that is not the asker's; asked before anything is passed on. */
  lookup(alias: string): PeerState
  /**
   * Has the owner of the alias answer. Resolves when the reply is given or the stream has begun. Rejects, with nothing
   * answered, when the owner cannot be reached; or as the body of the exchange does. `maxBodyBytes`: longest body.
   */
  forward(alias: string, exchange: Exchange<Admission>, maxBodyBytes: number): Promise<void>
  /**
   * Joins a WebSocket to the owner of the alias, with the back-pressure of both ways. Attaches to the socket when the
   * owner is reached, and resolves; rejects, with nothing said on the socket, when it cannot be.
   */
  forwardSocket(alias: string, socket: LinkSocket, request: SocketRequest<Admission>, first: string): Promise<void>
}

const LINK_ID = /^([\w-]{1,64})~[\w-]{1,64}$/

/** The alias of who owns a link. Undefined: this is no id of a link. */
export function aliasOf(link: string | undefined): string | undefined {
  return LINK_ID.exec(link ?? '')?.[1]
}
