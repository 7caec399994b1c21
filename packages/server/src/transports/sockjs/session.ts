import type { Timer, Wheel } from '../../clock/wheel.js'
import type { Connection, ConnectionListener, Peer } from '../../connection/connection.js'
import { arrayFrame, encodeSockJsFrame } from '../../message/sockjs-frames.js'
import type { Turn } from '../../message/turn.js'
import type { WireFrame } from '../../message/wire-frame.js'
import { closeFrame } from './close-frame.js'
import { Inbox } from './inbox.js'
import type { Receiver, ReceiverOwner } from './receiver.js'

/** What all sessions of a path share. */
export interface SockJsSessionParts {
  readonly wheel: Wheel
  readonly heartBeatMs: number
  readonly disconnectDelayMs: number
  /** It is closed, and has been for so long that nobody asks any more. */
  readonly forget: (session: SockJsSession) => void
}

/**
 * One SockJS session over requests: a connection whose down side is one receiving request after the other. Between two of
 * them what is written waits, and the writer is told that it is full. A request that breaks off ends the session (SockJS
 * 0.3.3, "Handling close"): what was on its way may be lost.
 */
export class SockJsSession implements Connection, ReceiverOwner {
  readonly peer: Peer
  readonly #parts: SockJsSessionParts
  #listener: ConnectionListener | undefined
  #receiver: Receiver | undefined
  /** The node that has passed its request on; undefined: it came to us. */
  #via: string | undefined
  #hasOpened = false
  /** What was written while nobody received. */
  #pending: WireFrame[] = []
  #isGathering = false
  /** What is said to whoever asks from now on. */
  #closeFrame: Uint8Array | undefined
  readonly #inbox = new Inbox()
  #isPaused = false
  #timer: Timer | undefined

  constructor(peer: Peer, parts: SockJsSessionParts) {
    this.peer = peer
    this.#parts = parts
    // Where no request comes to receive, not even the first.
    this.#waitForNext()
  }

  /** Nobody receives now, but somebody may again. */
  get isSuspended(): boolean {
    return this.#receiver === undefined && this.#closeFrame === undefined
  }

  get rung(): string {
    if (this.#receiver === undefined) return 'detached'
    return this.#receiver.isStream ? 'stream' : 'poll'
  }

  attach(listener: ConnectionListener): void {
    this.#listener = listener
  }

  write(turn: Turn): boolean {
    if (this.#closeFrame !== undefined) return false
    const receiver = this.#receiver
    if (this.#isGathering || receiver === undefined) {
      // One by one: a turn may have more frames than a call may have arguments.
      for (const frame of turn.frames()) this.#pending.push(frame)
      return this.#isGathering && receiver?.isStream === true
    }
    return this.#say(receiver, receiver.form === 'json' ? arrayFrame(turn.frames()) : turn.bytes(receiver.form))
  }

  /**
   * Takes the response of a receiving request: what waits is written to it at once, in one frame. `via`: the node that has
   * passed the request on.
   */
  receive(receiver: Receiver, via?: string): void {
    if (this.#receiver !== undefined) return this.#tellAlone(receiver, STILL_OPEN)
    const isFirst = !this.#hasOpened
    this.#hasOpened = true
    if (this.#closeFrame !== undefined) return this.#tellLast(receiver, this.#closeFrame, isFirst)
    this.#timer?.cancel()
    this.#receiver = receiver
    this.#via = via
    if (isFirst) this.#say(receiver, encode(OPEN, receiver))
    if (this.#receiver === undefined) return
    this.#gather()
    // Its owner may have closed it while it was asked.
    if (this.#receiver === undefined) return
    if (this.#pending.length > 0) this.#say(receiver, encode(this.#takePending(), receiver))
    if (this.#receiver !== undefined) this.#beatLater()
  }

  /** Ends the response of a request that this node has passed on, behind what was written: the client asks again. */
  release(via: string): void {
    const receiver = this.#receiver
    if (receiver === undefined || this.#via !== via) return
    // What ends a poll; a stream may end behind any frame.
    this.#say(receiver, encode(HEART_BEAT, receiver))
    if (this.#receiver === undefined) return
    receiver.end()
    this.#receiver = undefined
    this.#waitForNext()
  }

  /** Takes what a request has sent; resolves when the listener has been told all of it. */
  take(messages: readonly string[]): Promise<void> {
    if (this.#closeFrame !== undefined) return Promise.resolve()
    return new Promise((resolve) => {
      this.#inbox.add(messages, resolve)
      this.#flow()
    })
  }

  /** How much waits for a paused listener: characters, and one for each message. */
  get inboxLength(): number {
    return this.#inbox.length
  }

  setPaused(paused: boolean): void {
    this.#isPaused = paused
    if (!paused) queueMicrotask(() => this.#flow())
  }

  close(code: number, reason: string): void {
    this.#close(code, reason, code, reason)
  }

  // From the receiver.

  drained(receiver: Receiver): void {
    if (receiver === this.#receiver) this.#listener?.drained()
  }

  gone(receiver: Receiver): void {
    if (receiver !== this.#receiver) return
    this.#receiver = undefined
    this.#pending = []
    this.#close(1002, 'Connection interrupted', 1006, '')
  }

  /** Asks the writer for what it holds back, so that all leaves in one frame. */
  #gather(): void {
    this.#isGathering = true
    try {
      this.#listener?.drained()
    } finally {
      this.#isGathering = false
    }
  }

  #say(receiver: Receiver, frame: Uint8Array): boolean {
    const outcome = receiver.write(frame)
    if (outcome !== 'over') {
      this.#beatLater()
      return outcome === 'taken'
    }
    this.#receiver = undefined
    this.#waitForNext()
    return false
  }

  /** The last words, which nobody had received, come before the close: in a response of their own where it takes one frame. */
  #tellLast(receiver: Receiver, frame: Uint8Array, isFirst: boolean): void {
    if (isFirst && receiver.write(encode(OPEN, receiver)) === 'over') return
    if (this.#pending.length > 0 && receiver.write(encode(this.#takePending(), receiver)) === 'over') return
    this.#tellAlone(receiver, frame)
  }

  #takePending(): Uint8Array {
    const frame = arrayFrame(this.#pending)
    this.#pending = []
    return frame
  }

  #tellAlone(receiver: Receiver, frame: Uint8Array): void {
    if (receiver.write(encode(frame, receiver)) !== 'over') receiver.end()
  }

  #beatLater(): void {
    this.#timer?.cancel()
    this.#timer = this.#parts.wheel.after(this.#parts.heartBeatMs, () => {
      const receiver = this.#receiver
      if (receiver !== undefined) this.#say(receiver, encode(HEART_BEAT, receiver))
    })
  }

  #waitForNext(): void {
    this.#timer?.cancel()
    this.#timer = this.#parts.wheel.after(this.#parts.disconnectDelayMs, () => {
      this.#close(1006, '', 1006, '')
      // Nobody is left to be told.
      this.#timer?.cancel()
      this.#parts.forget(this)
    })
  }

  #flow(): void {
    while (!this.#isPaused && this.#listener !== undefined) {
      const message = this.#inbox.take()
      if (message === undefined) return
      this.#listener.message(message, true)
      this.#inbox.settle()
    }
  }

  /** `code` and `reason` for the client; what the listener is told may differ, where the end came from the client. */
  #close(code: number, reason: string, toldCode: number, toldReason: string): void {
    if (this.#closeFrame !== undefined) return
    const frame = Buffer.from(closeFrame(code, reason))
    this.#closeFrame = frame
    this.#inbox.clear()
    const receiver = this.#receiver
    this.#receiver = undefined
    if (receiver !== undefined) this.#tellLast(receiver, frame, false)
    this.#timer?.cancel()
    this.#timer = this.#parts.wheel.after(this.#parts.disconnectDelayMs, () => this.#parts.forget(this))
    // Like a socket: the end is told later, never inside the call that closes.
    queueMicrotask(() => this.#listener?.closed(toldCode, toldReason))
  }
}

const OPEN = Buffer.from('o')
const HEART_BEAT = Buffer.from('h')
const STILL_OPEN = Buffer.from(closeFrame(2010, 'Another connection still open'))

function encode(frame: Uint8Array, { form }: Receiver): Uint8Array {
  return form === 'json' ? frame : encodeSockJsFrame(frame, form)
}
