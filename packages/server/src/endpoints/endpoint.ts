import type { Timer } from '../clock/wheel.js'
import type { Connection } from '../connection/connection.js'
import { openSession, type Session, type SessionParts } from '../session/session.js'
import { spread } from './spread.js'

/**
 * Under this name a Fastify instance keeps the `accept` of its endpoint, so that the published test client can reach it
 * without a port.
 */
export const ACCEPT: unique symbol = Symbol.for('@hoofbeat/server accept')

/** What stands behind a path: takes the connections that doors make and runs a STOMP session on each. */
export interface Endpoint {
  /** Begins a session; to be called in the tick in which the connection was received. */
  accept(connection: Connection): void
  /**
   * Ends all sessions: each takes nothing more in, settles what is under way, writes what it owes and closes with 1012
   * ("service restart"). They are spread evenly over `drainMs`, so that not all clients come back at once; with 0 all
   * close at once with 1001 ("going away"). Resolves when the last connection is gone.
   */
  drain(drainMs: number): Promise<void>
}

/** Makes an endpoint for STOMP sessions. */
export function createEndpoint(parts: SessionParts): Endpoint {
  const sessions = new Set<Session>()
  const closed = (session: Session): void => {
    sessions.delete(session)
  }
  let drainCode: number | undefined
  return {
    accept(connection) {
      const session = openSession(connection, parts, closed)
      sessions.add(session)
      if (drainCode !== undefined) session.drain(drainCode)
    },
    async drain(drainMs) {
      const closeCode = drainMs === 0 ? 1001 : 1012
      drainCode = closeCode
      const after = (delayMs: number, run: () => void): Timer => parts.framing.wheel.after(delayMs, run)
      await spread([...sessions], drainMs, after, (session) => session.drain(closeCode))
      // Those that were accepted while the first ones ended.
      await Promise.all([...sessions].map((session) => session.drain(closeCode)))
    },
  }
}
