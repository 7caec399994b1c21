import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Dispatcher } from '../dispatch/dispatcher.js'
import type { Recipient } from '../dispatch/recipient.js'
import { StompError } from '../errors.js'
import type { User } from '../hooks/user.js'
import { watchExpiry } from '../session/expiry.js'
import type { SessionParts } from '../session/session.js'
import { EventPositions } from './event-positions.js'
import { EventReader } from './event-reader.js'
import { gapEvent, idOnly } from './event-text.js'
import { plainFrame, queryOf } from './plain-frame.js'

/** What all readers of one path share. */
export interface PlainReadersParts {
  readonly session: SessionParts
  /** Where histories end now; undefined where the broker cannot tell. */
  readonly position: () => string | undefined
}

/** As much of a session as reading takes. */
interface ReaderSession {
  readonly id: string
  readonly user: User | undefined
  open(recipient: Recipient, transport: 'events'): Dispatcher
}

/** All who read events at one path. */
export interface PlainReaders {
  /**
   * Subscribes to every `destination` of the query, then begins the stream. Rejects with a StompError before anything is
   * written, if one of them is refused.
   */
  open(session: ReaderSession, request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** Ends every stream; the clients come back by themselves. */
  end(): void
}

/** How long EventSource waits before it comes back, in ms: spread, for after a restart all come at once. */
const RETRY_MS = { least: 1_000, spread: 2_000 }

/** Makes none yet. */
export function createPlainReaders(parts: PlainReadersParts): PlainReaders {
  const readers = new Set<EventReader>()
  return {
    async open(session, request, reply) {
      const destinations = queryOf(request).getAll('destination')
      if (destinations.length === 0) {
        throw new StompError('STOMP_ERR_HEADER_MISSING', {
          message: 'No destination is named',
          cure: 'Name one or more destinations in the query: ?destination=/topic/news',
        })
      }
      const { observe, framing } = parts.session
      const seen = lastSeen(request, destinations.length)
      // Taken first: what is published while the subscriptions begin comes again rather than never.
      const position = parts.position()
      const positions = seen ?? new EventPositions(destinations.map(() => position ?? '?'))
      const first = seen === undefined && position !== undefined ? idOnly(positions.toString()) : ''
      const facts = { session: session.id, user: session.user?.name }
      const reader = new EventReader(
        framing,
        positions,
        ({ code, message, cause }) => observe({ type: 'refused', ...facts, code, message, cause }),
        (waitingBytes) => observe({ type: 'slow-reader', ...facts, transport: 'events', waitingBytes }),
      )
      reader.dispatcher = session.open(reader, 'events')
      try {
        await subscribe(reader, destinations, seen)
        if (reader.refusal !== undefined) throw reader.refusal
      } catch (error) {
        reader.close()
        throw error
      }
      // Whoever has gone meanwhile is told of no more: `close` was.
      if (reply.raw.destroyed) return reader.close()
      observe({ type: 'session-connected', ...facts, version: '1.2', transport: 'events', rung: undefined })
      readers.add(reader)
      begin(reader, reply, first)
      // The client comes back by itself, without credentials that count, and is told 401.
      const expiry = watchExpiry(session.user?.expiresAtMs, framing, () =>
        reader.expel(new StompError('STOMP_ERR_CREDENTIALS_EXPIRED')),
      )
      const ended = (): void => {
        if (!readers.delete(reader)) return
        expiry?.cancel()
        reader.gone()
        observe({ type: 'session-closed', ...facts, code: 1000, reason: '', wasConnected: true })
      }
      reply.raw.once('close', ended)
      // A response that waits behind another of its connection is never told that this has ended.
      if (reply.raw.socket === null) request.raw.socket.once('close', ended)
    },
    end() {
      for (const reader of readers) reader.end()
    },
  }
}

/** All at once; where no history is kept, who comes back is told of a gap instead. */
async function subscribe(
  reader: EventReader,
  destinations: readonly string[],
  seen: EventPositions | undefined,
): Promise<void> {
  const since = destinations.map((_, index) => seen?.of(index))
  const subscribeTo = (destination: string, index: number): Promise<void> => {
    const from = since[index]
    const headers: [string, string][] = [['id', String(index)]]
    if (from === undefined) return reader.handle(plainFrame('SUBSCRIBE', destination, headers))
    return reader
      .handle(plainFrame('SUBSCRIBE', destination, [...headers, ['since', from]]))
      .catch((error: unknown) => {
        if (!(error instanceof StompError && error.code === 'STOMP_ERR_UNSUPPORTED')) throw error
        reader.say(gapEvent(destination))
        return reader.handle(plainFrame('SUBSCRIBE', destination, headers))
      })
  }
  const outcomes = await Promise.allSettled(destinations.map(subscribeTo))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

function lastSeen(request: FastifyRequest, count: number): EventPositions | undefined {
  // Some polyfills of EventSource cannot set headers.
  const id = request.headers['last-event-id'] ?? queryOf(request).get('lastEventId')
  if (typeof id !== 'string' || id === '') return undefined
  return EventPositions.read(Buffer.from(id, 'latin1').toString('utf8'), count)
}

function begin(reader: EventReader, reply: FastifyReply, first: string): void {
  const { raw } = reply
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
  raw.setHeader('content-type', 'text/event-stream; charset=utf-8')
  raw.setHeader('cache-control', 'no-store, no-transform')
  raw.setHeader('x-accel-buffering', 'no')
  raw.writeHead(200)
  const retryMs = Math.round(RETRY_MS.least + Math.random() * RETRY_MS.spread)
  raw.write(`retry: ${retryMs}\n\n${first}`)
  raw.on('drain', () => reader.drained())
  raw.on('error', () => {})
  reader.start({ write: (text) => raw.write(text), end: () => raw.end(), destroy: () => raw.destroy() })
}
