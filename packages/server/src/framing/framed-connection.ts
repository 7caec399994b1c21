import { createDecoder, type Decoder, type Frame, type FrameInit, ProtocolError, type Version } from '@hoofbeat/codec'
import type { Timer } from '../clock/wheel.js'
import type { Connection, ConnectionListener, Peer } from '../connection/connection.js'
import type { Taken } from '../message/delivery.js'
import type { Message } from '../message/message.js'
import { createWireFrame, HEART_BEAT_FRAME, type WireFrame } from '../message/wire-frame.js'
import type { Figures } from '../observe/figures.js'
import type { FrameListener } from './frame-listener.js'
import type { FramingParts } from './framing-parts.js'
import { type BeatIntervals, type HeartBeat, type HeartBeatOwner, startHeartBeat } from './heart-beat.js'
import { createOutbox, type Outbox, type OutboxOwner } from './outbox.js'

export type { FrameListener } from './frame-listener.js'
export type { FramingLimits, FramingParts } from './framing-parts.js'

/** One STOMP stream over a connection, accepted or dialled: decoder, outbox, heart-beats. */
export interface FramedConnection {
  readonly peer: Peer
  /** What carries the connection just now, where that may change: see `Connection`. */
  readonly rung: string | undefined
  /** Bytes that have not been written yet. */
  readonly waitingBytes: number
  /** When something was heard last, on the clock; undefined where no heart-beats were started. */
  readonly lastHeardMs: number | undefined
  /** Governs the next frame read and those written from now on. */
  version: Version
  /** Encodes and writes a frame at the end of the turn. Throws the codec's ProtocolError if the version cannot write it. */
  send(frame: FrameInit): Taken
  /** Writes the ready MESSAGE of a message at the end of the turn. */
  deliver(frame: WireFrame, message: Message): Taken
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
    this.#decoder = createDecoder({ from, limits: parts.limits, isLenient: parts.isLenient === true })
    this.#outbox = createOutbox(connection, this, parts)
    connection.attach(this)
  }

  get peer(): Peer {
    return this.#connection.peer
  }

  get rung(): string | undefined {
    return this.#connection.rung
  }

  get waitingBytes(): number {
    return this.#outbox.waitingBytes
  }

  get version(): Version {
    return this.#decoder.version
  }

  set version(version: Version) {
    this.#decoder.version = version
  }

  send(frame: FrameInit): Taken {
    const taken = this.#outbox.push(createWireFrame(frame, this.version))
    const { figures } = this.#parts
    if (figures !== undefined && taken !== 'dropped') figures.framesOut[frame.command]++
    return taken
  }

  deliver(frame: WireFrame, message: Message): Taken {
    const taken = this.#outbox.push(frame)
    const { figures } = this.#parts
    if (figures !== undefined) this.#countDelivery(figures, message, taken)
    return taken
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

  get lastHeardMs(): number | undefined {
    return this.#heartBeat?.lastHeardMs
  }

  beat(): void {
    this.#outbox.push(HEART_BEAT_FRAME)
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

  overflowed(waitingBytes: number): void {
    this.#stop()
    this.#listener.overflowed(waitingBytes)
  }

  // From the connection.

  message(data: Uint8Array | string): void {
    if (!this.#isReading) return
    this.#heartBeat?.heard()
    const { figures } = this.#parts
    if (figures !== undefined) figures.bytesIn += typeof data === 'string' ? Buffer.byteLength(data) : data.length
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

  renewed(identity: unknown, lifeMs: number | undefined): void {
    if (this.#isReading) this.#listener.renewed(identity, lifeMs)
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

  #countDelivery(figures: Figures, message: Message, taken: Taken): void {
    if (taken === 'dropped') {
      figures.droppedDeliveries++
      return
    }
    figures.framesOut.MESSAGE++
    figures.deliveries++
    figures.latency.owed(message, this)
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
        if (next === 'heart-beat') continue
        const { figures } = this.#parts
        if (figures !== undefined) figures.framesIn[next.command]++
        this.#listener.frame(next)
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
