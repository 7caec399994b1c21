import type { FastifyRequest } from 'fastify'
import type { Timer } from '../clock/wheel.js'
import type { Connection } from '../connection/connection.js'
import type { OutboxParts } from '../framing/outbox.js'
import type { User, UserLike } from '../hooks/user.js'
import { createRawFrame } from '../message/wire-frame.js'
import type { RawConnection, RawEndpoint, RawHandlers } from './raw-handlers.js'
import { RawSession, type RawSessionParts } from './raw-session.js'
import { spread } from './spread.js'

/** What a raw endpoint is made with. */
export interface RawEndpointParts {
  readonly handlers: RawHandlers
  readonly outbox: OutboxParts
  /** Largest message of a client, in bytes. */
  readonly maxMessageBytes: number
  /** How long, at the end of the server, handlers may take to settle, in ms. */
  readonly settleTimeoutMs: number
  readonly after: (delayMs: number, run: () => void) => Timer
  /** Told of what a handler threw. */
  readonly failed: (connection: RawConnection, error: unknown) => void
}

/** What stands behind a path with raw handlers. */
export interface RawHouse {
  /** What the application gets of it. */
  readonly endpoint: RawEndpoint
  /** Asks the application's `handshake`: resolves with what it returns, rejects with what it throws. */
  handshake(request: FastifyRequest, identity: UserLike): Promise<unknown>
  /** Begins a connection; to be called in the tick in which it was received. */
  accept(connection: Connection): void
  /**
   * Ends all connections with 1012, spread over `drainMs`; with 0 all at once with 1001. Resolves when the last one is
   * gone and its handlers have settled, or have taken too long.
   */
  drain(drainMs: number): Promise<void>
}

/** Makes what stands behind a path with raw handlers. */
export function createRawEndpoint(parts: RawEndpointParts): RawHouse {
  const { handlers, after, settleTimeoutMs } = parts
  const open = new Set<RawSession>()
  /** Those that can be sent nothing any more and have not settled, with who waits for that. */
  const leaving = new Map<RawSession, (() => void)[]>()
  /** What handshakes have put in, until the connection is there. */
  const prepared = new WeakMap<FastifyRequest, Map<string, unknown>>()
  let drainCode: number | undefined
  const sessionParts: RawSessionParts = {
    handlers,
    outbox: parts.outbox,
    maxMessageBytes: parts.maxMessageBytes,
    failed: parts.failed,
    ended(session) {
      open.delete(session)
      leaving.set(session, [])
    },
    settled(session) {
      const waiting = leaving.get(session) ?? []
      leaving.delete(session)
      for (const resolve of waiting) resolve()
    },
  }
  const end = (session: RawSession, code: number): Promise<void> => {
    session.end(code, '')
    return new Promise((resolve) => {
      const waiting = leaving.get(session)
      if (waiting === undefined) resolve()
      else waiting.push(resolve)
    })
  }
  return {
    endpoint: {
      connections: open,
      get size() {
        return open.size
      },
      broadcast(data, filter) {
        const frame = createRawFrame(data)
        let count = 0
        for (const session of open) {
          if (filter !== undefined && !filter(session)) continue
          if (session.sendFrame(frame) !== 'dropped') count++
        }
        return count
      },
    },
    async handshake(request, identity) {
      const attributes = new Map<string, unknown>()
      prepared.set(request, attributes)
      return handlers.handshake?.(request, attributes, toUser(identity))
    },
    accept(connection) {
      // The doors have filled these from the HTTP request; rooms between know them only as unknown.
      const request = connection.peer.request as FastifyRequest
      const user = toUser(connection.peer.identity as UserLike)
      const attributes = prepared.get(request) ?? new Map<string, unknown>()
      prepared.delete(request)
      const session = new RawSession(connection, { user, request, attributes }, sessionParts)
      open.add(session)
      if (drainCode === undefined) session.start()
      else session.end(drainCode, '')
    },
    async drain(drainMs) {
      const code = drainMs === 0 ? 1001 : 1012
      drainCode = code
      const drained = async (): Promise<void> => {
        await spread([...open], drainMs, after, (session) => end(session, code))
        // Those that had left by themselves, or were accepted while the first ones ended.
        await Promise.all([...open, ...leaving.keys()].map((session) => end(session, code)))
      }
      let timer: Timer | undefined
      const late = new Promise<void>((resolve) => {
        timer = after(drainMs + settleTimeoutMs, resolve)
      })
      await Promise.race([drained(), late])
      timer?.cancel()
    },
  }
}

function toUser(identity: UserLike): User | undefined {
  if (identity === undefined || identity === null) return undefined
  return typeof identity === 'string' ? { name: identity } : identity
}
