import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Connection, Peer } from '../../connection/connection.js'
import { claim, isOwner, type Owner } from './owner.js'
import type { OwnSessions, SockJsNodes } from './peers.js'
import { SockJsSession, type SockJsSessionParts } from './session.js'

/** What the sessions of one path need. */
export interface SockJsTableParts extends Omit<SockJsSessionParts, 'forget'> {
  /** How many sessions there may be. */
  readonly maxSessions: number
  readonly hasCookie: boolean
  /** Whose a new session is, and whether it may begin; rejects with an error that has a `statusCode`. */
  readonly admit: (request: FastifyRequest) => Promise<unknown>
  readonly subject: (request: FastifyRequest) => Promise<string | undefined>
  readonly nameOf: (identity: unknown) => string | undefined
  readonly accept: (connection: Connection) => void
  /** Answers what asks for a new session where there may be none; another node that has passed it on is told so. */
  readonly refused: (request: FastifyRequest, reply: FastifyReply) => Error
  /** Joins in with the other nodes; undefined: there are none. */
  readonly join: ((own: OwnSessions) => SockJsNodes) | undefined
}

/** The sessions of one path that live on requests, by the id that the client has chosen. */
export interface SockJsTable extends OwnSessions {
  /** The other nodes; undefined: there are none. */
  readonly nodes: SockJsNodes | undefined
  /** The session, if there is one and this request comes from its owner. */
  find(id: string, request: FastifyRequest): Promise<SockJsSession | undefined>
  /**
   * As `find`; but where there is none, opens it. Rejects with an error that has a `statusCode` when it may not begin.
   */
  findOrOpen(id: string, request: FastifyRequest, reply: FastifyReply): Promise<SockJsSession | undefined>
  /** Whether that node has said that it is leaving. */
  hasReleased(node: string): boolean
  /** No more are opened. */
  refuse(): void
  /** Ends every request that still waits. */
  close(): void
}

/** Nodes that are remembered as leaving: the first ones have left long ago. */
const MAX_LEAVING = 100

/** Makes the table of one path. */
export function createTable(parts: SockJsTableParts): SockJsTable {
  const entries = new Map<string, { readonly session: SockJsSession; readonly owner: Owner }>()
  let isRefusing = false
  const find = async (id: string, request: FastifyRequest): Promise<SockJsSession | undefined> => {
    const entry = entries.get(id)
    const isTheirs = entry && (await isOwner(entry.owner, request, () => parts.subject(request)))
    return isTheirs ? entry.session : undefined
  }
  const leaving = new Set<string>()
  const own: OwnSessions = {
    has: (id) => entries.has(id),
    ids: () => entries.keys(),
    release(node) {
      leaving.add(node)
      for (const oldest of leaving) if (leaving.size > MAX_LEAVING) leaving.delete(oldest)
      for (const { session } of entries.values()) session.release(node)
    },
  }
  const nodes = parts.join?.(own)
  const forget = (id: string): void => {
    entries.delete(id)
    nodes?.ended(id)
  }
  return {
    ...own,
    nodes,
    find,
    hasReleased: (node) => leaving.has(node),
    async findOrOpen(id, request, reply) {
      if (entries.has(id)) return find(id, request)
      const isFull = (): boolean => isRefusing || entries.size >= parts.maxSessions
      if (isFull()) throw parts.refused(request, reply)
      const identity = await parts.admit(request).catch((error: unknown) => {
        throw isRefusing ? parts.refused(request, reply) : error
      })
      // Another request may have opened it in the meantime.
      if (entries.has(id)) return find(id, request)
      if (isFull()) throw parts.refused(request, reply)
      // Answered by somebody else: a deadline of the application.
      if (reply.sent || reply.raw.headersSent) return undefined
      const peer: Peer = {
        transport: 'sockjs',
        ownsLiveness: false,
        isTextOnly: true,
        protocol: undefined,
        identity,
        request,
        remoteAddress: request.ip,
      }
      const session = new SockJsSession(peer, { ...parts, forget: () => forget(id) })
      entries.set(id, { session, owner: claim(parts.nameOf(identity), request, reply, parts.hasCookie) })
      const told = nodes?.opened(id)
      parts.accept(session)
      // Its client is told later: the next request may come to any node.
      await told
      return session
    },
    refuse() {
      isRefusing = true
      nodes?.refuse()
    },
    close() {
      isRefusing = true
      for (const { session } of entries.values()) session.close(1001, '')
      nodes?.leave()
    },
  }
}
