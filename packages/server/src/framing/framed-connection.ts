import {
  createDecoder,
  type Decoder,
  type Frame,
  type FrameInit,
  type Limits,
  ProtocolError,
  type Version,
} from '@hoofbeat/codec'
import type { Clock } from '../clock/clock.js'
import type { Timer, Wheel } from '../clock/wheel.js'
import type { Connection, ConnectionListener, Peer } from '../connection/connection.js'
import type { Taken } from '../message/delivery.js'
import { createWireFrame, HEART_BEAT_FRAME, type WireFrame } from '../message/wire-frame.js'
import { type BeatIntervals, type HeartBeat, type HeartBeatOwner, startHeartBeat } from './heart-beat.js'
import { createOutbox, type Outbox, type OutboxLimits, type OutboxOwner } from './outbox.js'
import type { Turns } from './turns.js'

/** Limits of one framed connection: those of the codec, those of the outbox, and one of patience. */
export interface FramingLimits extends Limits, OutboxLimits {
  /** How long an unfinished frame may stay without a further byte, in ms. @default 30000 */
  readonly frameTimeoutMs: number
}

/** What all framed connections of an application share. */
export interface FramingParts {
  readonly clock: Clock
  readonly wheel: Wheel
  readonly turns: Turns
  readonly limits: FramingLimits
}

/** Who listens on a {@link FramedConnection}. After `closed` nothing is told. */
export interface FrameListener {
  /** One frame, in order. Not called while paused. */
  frame(frame: Frame): void
  /** The peer's bytes are no STOMP; nothing more will be read. Frames before the bad one were told. */
  malformed(error: ProtocolError): void
  /** The peer broke the rules of the transport, which will close with `code` right after this call. */
  broken(code: number, reason: string): void
  /** The peer has ended its side behind whole frames, which were told; it may still read what it is owed. */
  ended(): void
  /** A frame was begun and not finished in time, or the peer has ended its side within it. */
  unfinished(): void
  /** Nothing was heard for two to three times the agreed interval. */
  silent(): void
  /** After `send` or `deliver` has returned `full`: there is room again. */
  ready(): void
  /** The peer did not read what it is owed; nothing more can be written. */
  overflowed(): void
  /** The connection has ended; frames that came before were told. The last call, made exactly once. */
  closed(code: number, reason: string): void
}

/** One STOMP stream over a connection, accepted or dialled: decoder, outbox, heart-beats. */
export interface FramedConnection {
  readonly peer: Peer
  /** Governs the next frame read and those written from now on. */
  version: Version
  /** Encodes and writes a frame at the end of the turn. Throws the codec's ProtocolError if the version cannot write it. */
  send(frame: FrameInit): Taken
  /** Writes a ready frame at the end of the turn. */
  deliver(frame: WireFrame): Taken
  /** Starts heart-beats both ways. */
  startHeartBeat(intervals: BeatIntervals): void
  /** Stops between two frames, even inside a chunk; the peer is held back soon after. */
  setPaused(paused: boolean): void
  /** Writes what waits, then closes. Nothing is read, written or told after, but `closed`. */
  close(code: number, reason: string): void
}

/** Puts a STOMP stream on a connection. Attaches to it at once. `from`: whose frames are legal to arrive. */
export function frameConnection(
  connection: Connection,
  from: 'client' | 'server',
  listener: FrameListener,
  parts: FramingParts,
): FramedConnection {
  return new StompStream(connection, from, listener, parts)
}

class StompStream implements FramedConnection, ConnectionListener, OutboxOwner, HeartBeatOwner {
  readonly #connection: Connection
  readonly #listener: FrameListener
  readonly #parts: FramingParts
  readonly #decoder: Decoder
  readonly #outbox: Outbox
  #heartBeat: HeartBeat | undefined
  #frameTimer: Timer | undefined
  #lastHeardMs = 0
  #isPaused = false
  #isPumping = false
  #isReading = true
  /** The peer has ended its side, which is still to be told. */
  #hasPeerEnded = false
  /** How the connection ended, while frames that came before its end are still to be told. */
  #ending: { readonly code: number; readonly reason: string } | undefined

  constructor(connection: Connection, from: 'client' | 'server', listener: FrameListener, parts: FramingParts) {
    this.#connection = connection
    this.#listener = listener
    this.#parts = parts
    this.#decoder = createDecoder({ from, limits: parts.limits })
    this.#outbox = createOutbox(connection, this, parts)
    connection.attach(this)
  }

  get peer(): Peer {
    return this.#connection.peer
  }

  get version(): Version {
    return this.#decoder.version
  }

  set version(version: Version) {
    this.#decoder.version = version
  }

  send(frame: FrameInit): Taken {
    return this.deliver(createWireFrame(frame, this.version))
  }

  deliver(frame: WireFrame): Taken {
    return this.#outbox.push(frame)
  }

  startHeartBeat(intervals: BeatIntervals): void {
    if (!this.#isReading || this.#ending !== undefined) return
    if (intervals.sendEveryMs === 0 && intervals.expectEveryMs === 0) return
    this.#heartBeat = startHeartBeat(intervals, this, this.#parts)
    this.#heartBeat.setPaused(this.#isPaused)
  }

  // From the heart-beat.

  get lastWriteMs(): number {
    return this.#outbox.lastWriteMs
  }

  beat(): void {
    this.deliver(HEART_BEAT_FRAME)
  }

  silent(): void {
    this.#listener.silent()
  }

  setPaused(paused: boolean): void {
    if (paused === this.#isPaused) return
    this.#isPaused = paused
    this.#heartBeat?.setPaused(paused)
    this.#connection.setPaused(paused)
    if (paused) return
    this.#lastHeardMs = this.#parts.clock.now()
    this.#pump()
  }

  close(code: number, reason: string): void {
    this.#stop()
    this.#outbox.finish()
    this.#connection.close(code, reason)
    this.#end()
  }

  // From the outbox.

  ready(): void {
    // Between the last words and the end nobody is waiting.
    if (this.#ending === undefined) this.#listener.ready()
  }

  overflowed(): void {
    this.#stop()
    this.#listener.overflowed()
  }

  // From the connection.

  message(data: Uint8Array | string): void {
    if (!this.#isReading) return
    this.#heartBeat?.heard()
    this.#decoder.push(data)
    this.#pump()
  }

  drained(): void {
    this.#outbox.drained()
  }

  // Behind the frames that came before, like the end of the connection.
  ended(): void {
    this.#hasPeerEnded = true
    if (!this.#isPaused) this.#tellEnded()
  }

  broken(code: number, reason: string): void {
    if (!this.#isReading) return
    this.#stop()
    this.#listener.broken(code, reason)
    this.#outbox.finish()
  }

  /*
   * STOMP 1.2, "Connection Lingering": frames that came before the end of the connection should still be processed. So
   * while somebody has paused, the end is told only behind them; not for ever, lest a hook that never answers keep it.
   */
  closed(code: number, reason: string): void {
    this.#heartBeat?.stop()
    this.#frameTimer?.cancel()
    this.#outbox.discard()
    this.#ending = { code, reason }
    if (!this.#isReading || !this.#isPaused || this.#decoder.pendingBytes === 0) return this.#end()
    this.#frameTimer = this.#parts.wheel.after(this.#parts.limits.frameTimeoutMs, () => this.#end())
  }

  #tellEnded(): void {
    this.#hasPeerEnded = false
    if (!this.#isReading) return
    // Nobody beats any more, and nothing is left to be finished in time.
    this.#heartBeat?.stop()
    this.#frameTimer?.cancel()
    if (this.#decoder.isInsideFrame) this.#listener.unfinished()
    else this.#listener.ended()
  }

  #end(): void {
    const ending = this.#ending
    if (ending === undefined) return
    this.#ending = undefined
    this.#stop()
    this.#listener.closed(ending.code, ending.reason)
  }

  #stop(): void {
    this.#isReading = false
    this.#heartBeat?.stop()
    this.#frameTimer?.cancel()
  }

  // A frame may pause or resume reading, or close: the loop looks again after each, and is entered once.
  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      while (this.#isReading && !this.#isPaused) {
        const next = this.#next()
        if (next === undefined) break
        if (next !== 'heart-beat') this.#listener.frame(next)
      }
    } finally {
      this.#isPumping = false
    }
    if (this.#ending !== undefined) {
      if (!this.#isPaused) this.#end()
    } else if (this.#hasPeerEnded) {
      if (!this.#isPaused) this.#tellEnded()
    } else if (this.#isReading) this.#watchFrame()
  }

  #next(): Frame | 'heart-beat' | undefined {
    try {
      return this.#decoder.next()
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#isReading = false
      this.#listener.malformed(error)
      return undefined
    }
  }

  // Like the heart-beat's watches: the timer is set once and looks at the clock when it fires.
  #watchFrame(): void {
    if (!this.#decoder.isInsideFrame) return
    this.#lastHeardMs = this.#parts.clock.now()
    if (this.#frameTimer === undefined) this.#armFrameTimer(this.#parts.limits.frameTimeoutMs)
  }

  #armFrameTimer(delayMs: number): void {
    this.#frameTimer = this.#parts.wheel.after(delayMs, () => {
      this.#frameTimer = undefined
      if (!this.#decoder.isInsideFrame || this.#isPaused) return
      // Nor is a peer to blame that has no carrier now.
      const isSuspended = this.#connection.isSuspended === true
      const silentMs = isSuspended ? 0 : this.#parts.clock.now() - this.#lastHeardMs
      if (silentMs < this.#parts.limits.frameTimeoutMs)
        return this.#armFrameTimer(this.#parts.limits.frameTimeoutMs - silentMs)
      this.#listener.unfinished()
    })
  }
}
