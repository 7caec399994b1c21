import type { Agent as HttpAgent, IncomingHttpHeaders } from 'node:http'

/**
 * The header field of a request that another node has passed on; in an answer: that was not done. Its claim to come from a
 * node was refused, or the session is not there.
 */
export const PASSED_HEADER = 'hoofbeat-sockjs'

/** What the node that got a request knows of its client. */
export interface SockJsClaim {
  /** What the request names: the session, method and URL; it is good for no other. */
  readonly session: string
  readonly method: string
  readonly url: string
  /** It was allowed there. */
  readonly origin: string | undefined
  readonly remoteAddress: string
  readonly protocol: string
  readonly host: string
  /** Whether the session may begin there. Else that node answers only if it has it. */
  readonly mayOpen: boolean
}

/** A claim that was proved. */
export interface ProvedClaim extends SockJsClaim {
  /** The node that has passed the request on. */
  readonly from: string
}

/** The sessions that a node has at one path. */
export interface OwnSessions {
  has(session: string): boolean
  ids(): Iterable<string>
  /**
   * That node is leaving: the answers to receiving requests that it has passed on to us end at once, with nothing lost,
   * so that their clients ask again, by way of another node.
   */
  release(node: string): void
}

/** Another node, to which a request may be passed on. */
export interface SockJsPeer {
  /** Where it is; the URL of the request is put behind it. */
  readonly url: URL
  /** Makes the connection. A request that fails before it has a socket was not sent. */
  readonly agent: HttpAgent
  /** Seals a claim for that node: the value of {@link PASSED_HEADER}. Good for one request, at once. */
  seal(claim: SockJsClaim): string
}

/** The nodes as the SockJS endpoint of one path sees them. */
export interface SockJsNodes {
  /**
   * What another node says of a request that it has passed on; undefined if it comes from a client. `refused`: it claims
   * to come from a node, and that is not proved, or was proved before.
   */
  verify(
    headers: IncomingHttpHeaders,
    asked: Pick<SockJsClaim, 'session' | 'method' | 'url' | 'origin'>,
  ): ProvedClaim | 'refused' | undefined
  /** The nodes that a session which is not here may be at, best first. When none can be reached, or none is given, it is ours. */
  find(session: string): readonly SockJsPeer[] | Promise<readonly SockJsPeer[]>
  /** False for a while after nodes came or went: a session may then be where this node would not look for it. */
  readonly isSettled: boolean
  /**
   * Asks all nodes which of them has a session: before it is said that none has, and before one is opened that another
   * may have. Undefined: none that has answered within `withinMs`. `isPatient`: until then, while it is not settled, it
   * waits for nodes that are not known yet.
   */
  locate(session: string, withinMs: number, isPatient: boolean): Promise<SockJsPeer | undefined>
  /** A session was opened here. Settled when the others were told, where they would look elsewhere; soon in any case. */
  opened(session: string): undefined | Promise<void>
  /** A session of ours is not known any more. */
  ended(session: string): void
  /** No session is opened here any more: others take the new ones; ours stay. */
  refuse(): void
  /** We are leaving: the other nodes are to end their answers to what we have passed on to them. */
  leave(): void
}

/** The nodes of a cluster, any of which may get any request of a SockJS session. */
export interface SockJsPeers {
  /** Joins in with the sessions of an endpoint. `path`: with its prefix, the same on all nodes. */
  at(path: string, own: OwnSessions): SockJsNodes
}
