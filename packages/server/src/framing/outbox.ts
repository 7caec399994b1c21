import type { Clock } from '../clock/clock.js'
import type { Timer, Wheel } from '../clock/wheel.js'
import type { Connection } from '../connection/connection.js'
import type { Taken } from '../message/delivery.js'
import type { Turn } from '../message/turn.js'
import type { WireFrame } from '../message/wire-frame.js'
import type { Figures } from '../observe/figures.js'
import type { Flushable, Turns } from './turns.js'

/** How much, and for how long, a connection may owe its peer. */
export interface OutboxLimits {
  /** Bytes that may wait for a peer that does not read. A single larger frame is taken when nothing waits. @default 524288 */
  readonly maxOutboxBytes: number
  /** How long a full connection may take until it has room again, in ms. @default 10000 */
  readonly sendTimeoutMs: number
}

/**
 * What one connection still owes its peer: an ordered list of frames, written once a turn. It holds references to
 * shared frames, no bytes of its own, until the flush.
 */
export interface Outbox extends Flushable {
  /** When it wrote last, on the clock; 0: not yet. */
  readonly lastWriteMs: number
  /** Bytes that have not been written yet. */
  readonly waitingBytes: number
  /**
   * Adds a frame behind all others. `full`: taken, but the peer reads slowly, or much waits for the end of the turn;
   * `ready` will be told. `dropped`: it did not fit while the peer
   * reads slowly, and `overflowed` has been told; or the end was reached before. In a burst within one turn, what would
   * not fit any more is written early; but beyond what the connection takes at once and `maxOutboxBytes`, a burst is
   * held against the peer: who publishes megabytes lets the event loop turn in between.
   */
  push(frame: WireFrame): Taken
  /** Writes what waits now, unless the connection is full. */
  flush(nowMs: number): void
  /** Writes what waits even to a full connection: the last words before a close. Nothing is taken after. */
  finish(): void
  /** The connection has room again. */
  drained(): void
  /** The connection is gone: forgets everything. */
  discard(): void
}

/** From this many bytes that wait for the end of the turn on, whoever can hold back is asked to. */
const HIGH_WATER_BYTES = 65_536

/** Whose outbox it is. */
export interface OutboxOwner {
  /** After `push` has returned `full`: there is room again. */
  ready(): void
  /** Told once: the peer has been too slow, by bytes or by time. `waitingBytes`: what had not been written. */
  overflowed(waitingBytes: number): void
}

/** As much of a connection as its outbox uses. */
export type OutboxConnection = Pick<Connection, 'write' | 'isSuspended'>

/** What all outboxes share. */
export interface OutboxParts {
  readonly clock: Clock
  readonly turns: Turns
  readonly wheel: Wheel
  readonly limits: OutboxLimits
  /** Undefined: nobody counts. */
  readonly figures?: Figures | undefined
}

/** Makes the outbox of one connection. */
export function createOutbox(connection: OutboxConnection, owner: OutboxOwner, parts: OutboxParts): Outbox {
  return new TurnOutbox(connection, owner, parts)
}

class TurnOutbox implements Outbox {
  lastWriteMs = 0
  readonly #connection: OutboxConnection
  readonly #owner: OutboxOwner
  readonly #parts: OutboxParts
  #pending: Turn | undefined
  #isScheduled = false
  #isFull = false
  #isEnded = false
  /** True after `push` has returned `full`, until `ready` was told. */
  #isAwaited = false
  #stallTimer: Timer | undefined

  constructor(connection: OutboxConnection, owner: OutboxOwner, parts: OutboxParts) {
    this.#connection = connection
    this.#owner = owner
    this.#parts = parts
  }

  get waitingBytes(): number {
    return this.#pending?.byteLength ?? 0
  }

  push(frame: WireFrame): Taken {
    if (this.#isEnded) return 'dropped'
    if (!this.#hasRoomFor(frame)) {
      if (!this.#isFull) this.#write()
      if (!this.#hasRoomFor(frame)) {
        this.#overflow()
        return 'dropped'
      }
    }
    const { turns } = this.#parts
    const pending = (this.#pending ?? turns.root).append(frame)
    this.#pending = pending
    if (!this.#isFull) {
      if (!this.#isScheduled) {
        this.#isScheduled = true
        turns.flushSoon(this)
      }
      if (pending.byteLength < HIGH_WATER_BYTES) return 'taken'
    }
    this.#isAwaited = true
    return 'full'
  }

  flush(nowMs: number): void {
    this.#isScheduled = false
    if (this.#isFull) return
    this.#write(nowMs)
    if (this.#isAwaited) this.#tellReady()
  }

  finish(): void {
    if (this.#isEnded) return
    const turn = this.#pending
    if (turn !== undefined) this.#count(turn)
    this.discard()
    if (turn !== undefined) this.#connection.write(turn)
  }

  drained(): void {
    // Sockets also tell of room that nobody had missed: that is no reason to write before the turn is over.
    if (!this.#isFull) return
    this.#isFull = false
    this.#stallTimer?.cancel()
    this.#write()
    this.#tellReady()
  }

  discard(): void {
    this.#isEnded = true
    this.#pending = undefined
    this.#stallTimer?.cancel()
    this.#parts.figures?.latency.gone(this.#owner)
  }

  #hasRoomFor(frame: WireFrame): boolean {
    const pending = this.#pending
    return pending === undefined || pending.byteLength + frame.weight <= this.#parts.limits.maxOutboxBytes
  }

  #write(nowMs: number = this.#parts.clock.now()): void {
    const turn = this.#pending
    if (turn === undefined) return
    this.#pending = undefined
    this.lastWriteMs = nowMs
    this.#count(turn)
    if (this.#connection.write(turn)) return
    this.#isFull = true
    this.#watchStall()
  }

  /** While nobody could read, nobody has read slowly. */
  #watchStall(): void {
    this.#stallTimer = this.#parts.wheel.after(this.#parts.limits.sendTimeoutMs, () => {
      if (this.#connection.isSuspended === true) this.#watchStall()
      else this.#overflow()
    })
  }

  #tellReady(): void {
    if (!this.#isAwaited || this.#isFull || this.#isEnded) return
    this.#isAwaited = false
    this.#owner.ready()
  }

  #overflow(): void {
    if (this.#isEnded) return
    const { waitingBytes } = this
    this.discard()
    this.#owner.overflowed(waitingBytes)
  }

  #count(turn: Turn): void {
    const { figures } = this.#parts
    if (figures === undefined) return
    figures.bytesOut += turn.byteLength
    figures.latency.written(this.#owner)
  }
}
