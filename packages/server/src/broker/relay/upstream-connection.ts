import {
  encode,
  type Frame,
  type FrameInit,
  type HeartBeat,
  negotiateHeartBeat,
  type ProtocolError,
  readHeartBeat,
} from '@hoofbeat/codec'
import type { Timer } from '../../clock/wheel.js'
import type { Connection } from '../../connection/connection.js'
import { type FramedConnection, type FrameListener, frameConnection } from '../../framing/framed-connection.js'
import type { Answer, Upstream, UpstreamEnd, UpstreamListener, UpstreamParts } from './upstream.js'
import { brokerRefusal, connectFrame, receipted, unwritable, wordsIn, wordsOf } from './upstream-frames.js'

/** Puts CONNECT on a connection that was just made. Attaches to it at once, and tells nothing inside this call. */
export function connectUpstream(connection: Connection, listener: UpstreamListener, parts: UpstreamParts): Upstream {
  return new StompUpstream(connection, listener, parts)
}

class StompUpstream implements Upstream, FrameListener {
  server: string | undefined
  isFull = false
  isBlaming = false
  readonly #listener: UpstreamListener
  readonly #parts: UpstreamParts
  readonly #framed: FramedConnection
  /** By receipt, in the order of the requests. */
  readonly #awaited = new Map<string, Answer>()
  #state: 'greeting' | 'connected' | 'leaving' | 'ended' = 'greeting'
  #timer: Timer | undefined
  /** When a frame came last; between frames heart-beats tell more, where there are any. */
  #framedMs: number
  #lastReceipt = 0

  constructor(connection: Connection, listener: UpstreamListener, parts: UpstreamParts) {
    this.#listener = listener
    this.#parts = parts
    this.#framedMs = parts.clock.now()
    // What waits is bounded by who sends: at most what the outbox calls full, one frame more, and heart-beats.
    const limits = { ...parts.limits, maxOutboxBytes: Number.MAX_SAFE_INTEGER }
    const { clock, wheel, turns, connectTimeoutMs } = parts
    // What other senders have written into headers must not end what all clients share.
    this.#framed = frameConnection(connection, 'server', this, { clock, wheel, turns, limits, isLenient: true })
    this.#timer = wheel.after(connectTimeoutMs, () => this.end(`no CONNECTED within ${connectTimeoutMs} ms`))
    try {
      this.#framed.send(connectFrame(parts.connect))
    } catch (error) {
      this.#timer.cancel()
      this.#timer = wheel.after(0, () => this.end(`CONNECT cannot be written: ${wordsOf(error)}`))
    }
  }

  get unanswered(): number {
    return this.#awaited.size
  }

  send(frames: readonly FrameInit[], answer?: Answer): void {
    if (this.#state !== 'connected') {
      answer?.lost()
      return
    }
    this.#checkWritable(frames)
    this.#write(frames, answer)
  }

  setPaused(isPaused: boolean): void {
    this.#framed.setPaused(isPaused)
  }

  disconnect(): void {
    if (this.#state !== 'connected') return this.end('closed')
    const ended = (): void => this.end('closed')
    this.#write([{ command: 'DISCONNECT' }], { answered: ended, refused: () => {}, lost: () => {} })
    // Unless that has ended it already.
    if (this.#state === 'connected') this.#state = 'leaving'
  }

  end(reason: string): void {
    this.#end(reason, 'lost')
  }

  // From the framing.

  frame(frame: Frame): void {
    this.#framedMs = this.#parts.clock.now()
    switch (frame.command) {
      case 'CONNECTED':
        return this.#connected(frame)
      case 'MESSAGE':
        if (this.#state === 'connected') this.#listener.message(frame)
        return
      case 'RECEIPT':
        return this.#receipt(frame.headers.get('receipt-id') ?? '')
      case 'ERROR':
        return this.#error(frame)
      default:
        // The decoder lets nothing else pass that comes from a server.
        return this.end(`the broker has sent ${frame.command}`)
    }
  }

  malformed(error: ProtocolError): void {
    this.end(`the broker has sent what is no STOMP: ${error.message}`)
  }

  broken(_code: number, reason: string): void {
    this.end(`broken: ${reason}`)
  }

  ended(): void {
    this.end('the broker has closed the connection')
  }

  unfinished(): void {
    this.end('the broker has begun a frame and not finished it')
  }

  silent(): void {
    this.end('nothing was heard of the broker for too long')
  }

  overflowed(waitingBytes: number): void {
    this.end(`the broker has not read for too long, ${waitingBytes} bytes wait`)
  }

  ready(): void {
    this.isFull = false
    this.#listener.ready()
  }

  renewed(): void {}

  closed(_code: number, reason: string): void {
    this.end(reason === '' ? 'the connection was closed' : `the connection broke: ${reason}`)
  }

  /** Some of a transaction must not be written when the rest cannot be. A frame alone is checked while it is written. */
  #checkWritable(frames: readonly FrameInit[]): void {
    if (frames.length < 2) return
    try {
      for (const frame of frames) encode(frame, this.#framed.version)
    } catch (error) {
      throw unwritable(error)
    }
  }

  #write(frames: readonly FrameInit[], answer: Answer | undefined): void {
    const receipt = answer === undefined ? '' : String(++this.#lastReceipt)
    // Before it is written: a connection that ends meanwhile tells it.
    if (answer !== undefined) this.#awaited.set(receipt, answer)
    let left = frames.length
    try {
      for (const frame of frames) {
        const taken = this.#framed.send(--left === 0 && answer !== undefined ? receipted(frame, receipt) : frame)
        if (taken === 'full') this.isFull = true
        else if (taken === 'dropped') return this.end('a frame could not be written')
      }
    } catch (error) {
      this.#awaited.delete(receipt)
      throw unwritable(error)
    }
  }

  #connected({ headers }: Frame): void {
    if (this.#state !== 'greeting') return this.end('the broker has sent CONNECTED twice')
    const version = headers.get('version') ?? '1.0'
    // Those before have no `ack` in MESSAGE, and not all escapes.
    if (version !== '1.2') return this.#end(`the broker speaks STOMP ${version}, and not 1.2`, 'connect-refused')
    const beats = this.#readHeartBeat(headers.get('heart-beat'))
    if (beats === undefined) return
    this.#timer?.cancel()
    this.#state = 'connected'
    this.#framed.version = version
    this.server = headers.get('server')
    this.#framed.startHeartBeat(negotiateHeartBeat(this.#parts.connect.heartBeat, beats))
    this.#listener.connected()
  }

  #readHeartBeat(value: string | undefined): HeartBeat | undefined {
    try {
      return readHeartBeat(value)
    } catch (error) {
      this.end(`the broker's ${wordsOf(error)}`)
      return undefined
    }
  }

  #receipt(id: string): void {
    const answer = this.#awaited.get(id)
    // One that nobody waits for harms nobody.
    if (answer === undefined) return
    this.#awaited.delete(id)
    answer.answered()
    // Unless that has ended it.
    if (this.#state === 'connected') this.#listener.answered()
  }

  #error(frame: Frame): void {
    const words = wordsIn(frame)
    if (this.#state === 'greeting') return this.#end(words, 'connect-refused')
    const id = frame.headers.get('receipt-id') ?? this.#onlyReceipt
    const blamed = this.#awaited.get(id)
    if (blamed === undefined) return this.#end(words, 'error')
    this.#awaited.delete(id)
    this.#end(words, 'refused', () => blamed.refused(brokerRefusal(words)))
  }

  /** The one RECEIPT that is due, where nothing else is out that an ERROR could be for. */
  get #onlyReceipt(): string {
    return this.isBlaming && this.#awaited.size === 1 ? String(this.#lastReceipt) : ''
  }

  #end(reason: string, cause: UpstreamEnd['cause'], tellFirst: () => void = () => {}): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#timer?.cancel()
    const heardMs = this.#framed.lastHeardMs ?? this.#framedMs
    this.#framed.close(1000, '')
    const lost = [...this.#awaited.values()]
    this.#awaited.clear()
    tellFirst()
    for (const answer of lost) answer.lost()
    this.#listener.ended({ reason, cause, lostCount: lost.length, heardMs })
  }
}
