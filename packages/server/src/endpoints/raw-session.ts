import type { FastifyRequest } from 'fastify'
import type { Timer } from '../clock/wheel.js'
import type { Connection, ConnectionListener } from '../connection/connection.js'
import { StompError, type StompErrorCode } from '../errors.js'
import { createOutbox, type Outbox, type OutboxOwner, type OutboxParts } from '../framing/outbox.js'
import { isPromiseLike } from '../hooks/hooks.js'
import type { User } from '../hooks/user.js'
import type { Taken } from '../message/delivery.js'
import { createRawFrame, type WireFrame } from '../message/wire-frame.js'
import { watchExpiry } from '../session/expiry.js'
import type { RawClose, RawConnection, RawHandlers } from './raw-handlers.js'

/** What the connections of one raw endpoint share. */
export interface RawSessionParts {
  readonly handlers: RawHandlers
  readonly outbox: OutboxParts
  /** Largest message of a client, in bytes; a larger one closes with 1009. */
  readonly maxMessageBytes: number
  /** Told of what a handler threw. */
  readonly failed: (connection: RawConnection, error: unknown) => void
  /** Told once: nothing can be sent to it any more. */
  readonly ended: (session: RawSession) => void
  /** Told once: the connection is gone, and its handlers have settled. */
  readonly settled: (session: RawSession) => void
}

/** The close code that tells a client to get new credentials before it comes back. */
const CREDENTIALS_ENDED = 4401
const EXPIRED: StompErrorCode = 'STOMP_ERR_CREDENTIALS_EXPIRED'

/** Who a connection belongs to, and what is kept with it from the beginning. */
export interface RawOpening {
  readonly user: User | undefined
  readonly request: FastifyRequest
  readonly attributes: Map<string, unknown>
}

/**
 * One connection of a raw endpoint: calls its handlers in order, one at a time. While one is at work the client is held
 * back: what comes all the same had been read before, and is at the most what one read of a socket holds.
 */
export class RawSession implements RawConnection, ConnectionListener, OutboxOwner {
  readonly id: string = crypto.randomUUID()
  readonly attributes: Map<string, unknown>
  /** As it is now: a link may have renewed its credentials. */
  user: User | undefined
  readonly request: FastifyRequest
  readonly #connection: Connection
  readonly #parts: RawSessionParts
  readonly #outbox: Outbox
  /** Messages that came while a handler was at work. */
  readonly #waiting: (string | Uint8Array)[] = []
  /** How many of them were taken. */
  #taken = 0
  #isBusy = false
  #isPaused = false
  #isOpen = true
  #hasOpened = false
  #expiry: Timer | undefined
  /** The client sends nothing more. */
  #hasPeerEnded = false
  /** How the server has closed it, if it was the server. */
  #verdict: RawClose | undefined
  /** How the connection ended, once it has: told behind the messages that came before. */
  #end: RawClose | undefined

  constructor(connection: Connection, opening: RawOpening, parts: RawSessionParts) {
    this.attributes = opening.attributes
    this.user = opening.user
    this.request = opening.request
    this.#connection = connection
    this.#parts = parts
    this.#outbox = createOutbox(connection, this, parts.outbox)
    connection.attach(this)
    this.#expireAt(opening.user?.expiresAtMs)
  }

  /** Tells that the connection is there; in the call in which it was made. */
  start(): void {
    this.#hasOpened = true
    const { handlers } = this.#parts
    this.#run(() => handlers.open?.(this))
    this.#next()
  }

  get protocol(): string | undefined {
    return this.#connection.peer.protocol
  }

  get transport(): RawConnection['transport'] {
    const { transport } = this.#connection.peer
    return transport === 'tcp' ? 'linked' : transport
  }

  get remoteAddress(): string | undefined {
    return this.#connection.peer.remoteAddress
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  send(data: string | Uint8Array): Taken {
    if (typeof data !== 'string' && this.#connection.peer.isTextOnly === true) {
      throw new StompError('STOMP_ERR_BINARY_UNSUPPORTED')
    }
    return this.#isOpen ? this.#outbox.push(createRawFrame(data)) : 'dropped'
  }

  /** For broadcasts: a frame that others get too. */
  sendFrame(frame: WireFrame): Taken {
    if (!this.#isOpen || (!frame.isText && this.#connection.peer.isTextOnly === true)) return 'dropped'
    return this.#outbox.push(frame)
  }

  close(code = 1000, reason = ''): void {
    checkClose(code, reason)
    this.end(code, reason)
  }

  /** Ends it with a code that is known to be good. */
  end(code: number, reason: string): void {
    if (!this.#isOpen) return
    this.#verdict = { code, reason }
    this.#forget()
    this.#outbox.finish()
    this.#leave()
    this.#connection.close(code, reason)
  }

  // From the connection.

  message(data: string | Uint8Array, isText: boolean): void {
    if (!this.#isOpen) return
    const { maxMessageBytes } = this.#parts
    const size = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength
    if (size > maxMessageBytes) return this.end(1009, `the largest message has ${maxMessageBytes} bytes`)
    this.#waiting.push(typeof data === 'string' || !isText ? data : toText(data))
    this.#next()
  }

  drained(): void {
    this.#outbox.drained()
  }

  ended(): void {
    this.#hasPeerEnded = true
    this.#next()
  }

  renewed(identity: unknown, lifeMs: number | undefined): void {
    if (typeof identity === 'object' && identity !== null) this.user = identity as User
    this.#expireAt(lifeMs === undefined ? undefined : this.#parts.outbox.clock.epochMs() + lifeMs)
  }

  broken(): void {
    this.#outbox.finish()
    this.#leave()
  }

  closed(code: number, reason: string): void {
    this.#outbox.discard()
    this.#leave()
    this.#end = this.#verdict ?? { code, reason }
    this.#next()
  }

  // From the outbox.

  ready(): void {
    const { handlers } = this.#parts
    if (this.#isOpen) this.#try(() => handlers.drained?.(this), false)
  }

  overflowed(): void {
    this.end(1013, 'the client reads too slowly')
  }

  /** Calls the handlers for what waits, as long as they are done at once. */
  #next(): void {
    const { handlers } = this.#parts
    while (!this.#isBusy) {
      const data = this.#take()
      if (data === undefined) return this.#rest()
      this.#run(() => handlers.message?.(this, data))
    }
  }

  /** The next message that waits. By a count: to shift a long array is slow, and a peer may send many at once. */
  #take(): string | Uint8Array | undefined {
    const data = this.#waiting[this.#taken++]
    if (this.#taken >= this.#waiting.length) this.#forget()
    return data
  }

  #forget(): void {
    this.#waiting.length = 0
    this.#taken = 0
  }

  /** Nothing waits any more. */
  #rest(): void {
    if (this.#isPaused && this.#isOpen) {
      this.#isPaused = false
      this.#connection.setPaused(false)
    }
    if (this.#hasPeerEnded) this.end(1000, '')
    const end = this.#end
    if (end === undefined) return
    this.#end = undefined
    const { handlers, settled } = this.#parts
    const result = this.#hasOpened ? this.#try(() => handlers.close?.(this, end), false) : undefined
    if (result === undefined) settled(this)
    else result.then(() => settled(this))
  }

  /** Nothing else is told until what it returns has settled. */
  #run(handle: () => unknown): void {
    this.#isBusy = true
    const result = this.#try(handle, true)
    if (result === undefined) {
      this.#isBusy = false
      return
    }
    if (!this.#isPaused) {
      this.#isPaused = true
      this.#connection.setPaused(true)
    }
    result.then(() => {
      this.#isBusy = false
      this.#next()
    })
  }

  /** What is to be waited for, which never rejects; undefined: it is done. */
  #try(handle: () => unknown, isFatal: boolean): Promise<unknown> | undefined {
    try {
      const result = handle()
      if (!isPromiseLike(result)) return undefined
      return Promise.resolve(result).catch((error: unknown) => this.#fail(error, isFatal))
    } catch (error) {
      this.#fail(error, isFatal)
      return undefined
    }
  }

  #fail(error: unknown, isFatal: boolean): void {
    this.#parts.failed(this, error)
    if (!isFatal) return
    this.#forget()
    this.end(1011, 'the server could not go on')
  }

  #expireAt(endMs: number | undefined): void {
    this.#expiry?.cancel()
    if (!this.#isOpen) return
    this.#expiry = watchExpiry(endMs, this.#parts.outbox, () => this.end(CREDENTIALS_ENDED, EXPIRED))
  }

  /** From now on nothing can be sent. */
  #leave(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#expiry?.cancel()
    this.#parts.ended(this)
  }
}

/** RFC 6455, section 7.4: which codes a server may send; section 5.5: how long a control frame may be. */
function checkClose(code: number, reason: string): void {
  const isNamed = code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006
  if (!Number.isInteger(code) || !(isNamed || (code >= 3000 && code <= 4999))) {
    throw new RangeError(`${code} is no close code that can be sent: take 1000, or 3000 to 4999`)
  }
  if (Buffer.byteLength(reason) > 123) throw new RangeError('a close reason has at most 123 bytes')
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
