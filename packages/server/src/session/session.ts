import { type Frame, ProtocolError, type Version } from '@hoofbeat/codec'
import type { Timer } from '../clock/wheel.js'
import type { Connection } from '../connection/connection.js'
import type { Dispatcher } from '../dispatch/dispatcher.js'
import type { Recipient } from '../dispatch/recipient.js'
import { StompError, toStompError } from '../errors.js'
import { type FramedConnection, type FrameListener, frameConnection } from '../framing/framed-connection.js'
import type { Delivery, Taken } from '../message/delivery.js'
import type { Message } from '../message/message.js'
import { Ending } from './ending.js'
import { errorFrame, type Refusal, refusalOf } from './error-frame.js'
import { type Handshake, shakeHands } from './handshake.js'
import { missingHeader } from './required-headers.js'
import type { SessionParts } from './session-parts.js'

export type { SessionLimits, SessionParts } from './session-parts.js'

/** One client's conversation, as its endpoint sees it. */
export interface Session {
  readonly id: string
  /** Takes nothing more in, waits for what is under way, then closes with `code`. Resolves when the connection is gone. */
  drain(code: number): Promise<void>
}

/** Begins a session on a connection, in the tick in which it was received. `closed` is told once, at the end. */
export function openSession(connection: Connection, parts: SessionParts, closed: (session: Session) => void): Session {
  return new StompSession(connection, parts, closed)
}

/**
 * waiting: for CONNECT; connecting: `authenticate` runs; connected; leaving: DISCONNECT or drain, nothing more is taken
 * in, what is under way settles; lingering: the last RECEIPT was written, nothing more is said, the client may close;
 * closed.
 */
type State = 'waiting' | 'connecting' | 'connected' | 'leaving' | 'lingering' | 'closed'

class StompSession implements Session, FrameListener, Recipient {
  readonly id: string = crypto.randomUUID()
  readonly #parts: SessionParts
  readonly #framed: FramedConnection
  readonly #onClosed: (session: Session) => void
  #state: State = 'waiting'
  /** Once connected, that of all deliveries. */
  #version: Version = '1.2'
  #dispatcher: Dispatcher | undefined
  #timer: Timer | undefined
  /** Frames handed to the dispatcher whose outcome has not been told yet. */
  #unsettled = 0
  /** There have been too many of them; reading is paused. */
  #isCrowded = false
  /** The dispatcher wants no further frame. */
  #isHeld = false
  #ending: Ending | undefined

  constructor(connection: Connection, parts: SessionParts, closed: (session: Session) => void) {
    this.#parts = parts
    this.#onClosed = closed
    this.#framed = frameConnection(connection, 'client', this, parts.framing)
    this.#timer = this.#after(parts.limits.connectTimeoutMs, () =>
      this.#fail(new StompError('STOMP_ERR_CONNECT_TIMEOUT')),
    )
  }

  drain(code: number): Promise<void> {
    const close = (): void => this.#close(code, 'STOMP_ERR_CLOSING')
    if (this.#state === 'connected') this.#leaveWith(close)
    else if (this.#state !== 'leaving' && this.#state !== 'lingering') close()
    return this.#expectEnding().wait()
  }

  // From the framing room.

  frame(frame: Frame): void {
    switch (this.#state) {
      case 'waiting':
        if (frame.command === 'CONNECT' || frame.command === 'STOMP') return this.#connect(frame)
        return this.#fail(new StompError('STOMP_ERR_NOT_CONNECTED'), frame.headers.get('receipt'))
      case 'connected':
        return this.#handle(frame)
      default:
        // After DISCONNECT nothing more is taken in; while connecting, reading is paused.
        return
    }
  }

  malformed(error: ProtocolError): void {
    // Behind a DISCONNECT nothing counts.
    if (this.#state === 'leaving' || this.#state === 'lingering') return
    this.#fail(refusalOf(error), error.receipt)
  }

  broken(code: number, reason: string): void {
    const isTooLarge = code === 1009
    this.#fail(
      new StompError(isTooLarge ? 'STOMP_ERR_MESSAGE_TOO_LARGE' : 'STOMP_ERR_TRANSPORT', { cause: reason }),
      undefined,
      code,
    )
  }

  /** As a DISCONNECT that asks for no receipt: what is under way settles, and its answers are written. */
  ended(): void {
    if (this.#state === 'connected') return this.#leaveWith(() => this.#close(1000, ''))
    if (this.#state !== 'leaving') this.#close(1000, '')
  }

  unfinished(): void {
    this.#fail(new StompError('STOMP_ERR_FRAME_TIMEOUT'))
  }

  silent(): void {
    // Who has said DISCONNECT need not beat any more; that wait has its own end.
    if (this.#state === 'leaving' || this.#state === 'lingering') return
    this.#fail(new StompError('STOMP_ERR_SILENT'))
  }

  ready(): void {
    this.#dispatcher?.ready()
  }

  overflowed(): void {
    const error = new StompError('STOMP_ERR_SLOW_READER')
    this.#observeRefusal(error)
    this.#close(1013, error.code)
  }

  closed(code: number, reason: string): void {
    this.#end()
    this.#dispatcher?.gone(code, reason)
    this.#parts.observe({ type: 'session-closed', session: this.id, code, reason })
    this.#onClosed(this)
    this.#expectEnding().gone()
  }

  // From the dispatcher.

  deliver(message: Message, delivery: Delivery): Taken {
    if (!this.#isSpeaking) return 'dropped'
    const frame = message.frame(this.#version, delivery)
    if (!frame.isText && this.#framed.peer.isTextOnly === true) {
      this.#fail(new StompError('STOMP_ERR_BINARY_UNSUPPORTED'), undefined, 1003)
      return 'dropped'
    }
    return this.#framed.deliver(frame)
  }

  settled(frame: Frame): void {
    const receipt = frame.headers.get('receipt')
    if (receipt !== undefined) this.#receipt(receipt)
    this.#countSettled()
  }

  refused(frame: Frame, error: StompError): void {
    this.#fail(error, frame.headers.get('receipt'))
    this.#countSettled()
  }

  answered(frame: Frame | undefined, error: StompError): void {
    this.#observeRefusal(error)
    if (frame !== undefined) this.#countSettled()
  }

  failed(error: StompError): void {
    this.#fail(error)
  }

  expel(error: StompError): Promise<void> {
    this.#fail(error, undefined, 1008)
    return this.#expectEnding().wait()
  }

  setPaused(paused: boolean): void {
    this.#isHeld = paused
    this.#readOrPause()
  }

  #connect(frame: Frame): void {
    this.#state = 'connecting'
    this.#timer?.cancel()
    this.#timer = this.#after(this.#parts.limits.hookTimeoutMs, () => {
      this.#fail(new StompError('STOMP_ERR_NOT_AUTHENTICATED', { message: 'The credentials were not checked in time' }))
    })
    this.#framed.setPaused(true)
    shakeHands(frame, this.#framed.peer, this.id, this.#parts)
      .then((handshake) => this.#connected(handshake))
      .catch((error) => {
        const isProtocol = error instanceof ProtocolError
        const refusal = isProtocol ? refusalOf(error) : toStompError(error, 'STOMP_ERR_NOT_AUTHENTICATED')
        this.#fail(refusal, frame.headers.get('receipt'))
      })
  }

  #connected(handshake: Handshake): void {
    if (this.#state !== 'connecting') return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#framed.peer.request = undefined
    const { user, version, clientId } = handshake
    const { transport } = this.#framed.peer
    this.#framed.version = version
    this.#version = version
    this.#framed.send({ command: 'CONNECTED', headers: handshake.headers })
    this.#state = 'connected'
    this.#dispatcher = this.#parts.openDispatcher(this, { sessionId: this.id, user, version, clientId, transport })
    this.#parts.observe({ type: 'session-connected', session: this.id, user: user?.name, version })
    this.#framed.startHeartBeat(handshake)
    this.#framed.setPaused(false)
  }

  #handle(frame: Frame): void {
    const { command } = frame
    if (command === 'CONNECT' || command === 'STOMP') {
      return this.#fail(new StompError('STOMP_ERR_ALREADY_CONNECTED'), frame.headers.get('receipt'))
    }
    if (command === 'DISCONNECT') return this.#disconnect(frame.headers.get('receipt'))
    const missing = missingHeader(frame, this.#version)
    if (missing !== undefined) return this.#fail(missing, frame.headers.get('receipt'))
    this.#countUnsettled()
    this.#dispatcher?.handle(frame)
  }

  /** Every earlier frame settles first; the RECEIPT is the last frame of the session (STOMP 1.2, "DISCONNECT"). */
  #disconnect(receipt: string | undefined): void {
    this.#leaveWith(() => {
      if (receipt === undefined) return this.#close(1000, '')
      this.#receipt(receipt)
      this.#state = 'lingering'
      this.#dispatcher?.close()
      this.#timer = this.#after(this.#parts.limits.lingerMs, () => this.#close(1000, ''))
    })
  }

  #leaveWith(leave: () => void): void {
    this.#state = 'leaving'
    this.#dispatcher?.leave()
    const { limits, framing } = this.#parts
    if (this.#unsettled === 0) leave()
    else this.#expectEnding().begin(leave, framing.wheel, limits.settleTimeoutMs)
    // Last: where the connection has ended meanwhile, this tells so.
    this.#framed.setPaused(false)
  }

  #countUnsettled(): void {
    this.#unsettled++
    if (this.#unsettled < this.#parts.limits.maxUnsettledFrames || this.#isCrowded) return
    this.#isCrowded = true
    this.#readOrPause()
  }

  #countSettled(): void {
    this.#unsettled--
    if (this.#isCrowded && this.#unsettled < this.#parts.limits.maxUnsettledFrames / 2) {
      this.#isCrowded = false
      // Later: the next frame must not be handled inside of what has settled this one.
      queueMicrotask(() => this.#readOrPause())
    }
    if (this.#unsettled === 0) this.#ending?.settled()
  }

  #readOrPause(): void {
    if (this.#state === 'connected') this.#framed.setPaused(this.#isHeld || this.#isCrowded)
  }

  /** False once the last word is said: the RECEIPT of DISCONNECT, or an ERROR. */
  get #isSpeaking(): boolean {
    return this.#state !== 'lingering' && this.#state !== 'closed'
  }

  #receipt(id: string): void {
    if (!this.#isSpeaking) return
    this.#framed.send({ command: 'RECEIPT', headers: [['receipt-id', id]] })
  }

  /** ERROR, then close: the ERROR is written first on every transport. */
  #fail(refusal: Refusal & { cause?: unknown }, receipt?: string, code = 1002): void {
    if (this.#state === 'lingering') return this.#close(code, '')
    // A handler may fail when its client has gone: that is told to the log all the same.
    this.#observeRefusal(refusal)
    if (this.#state === 'closed') return
    this.#framed.send(errorFrame(refusal, receipt))
    this.#close(code, refusal.code)
  }

  #observeRefusal({ code, message, cause }: Refusal & { cause?: unknown }): void {
    this.#parts.observe({ type: 'refused', session: this.id, code, message, cause })
  }

  #close(code: number, reason: string): void {
    if (this.#state === 'closed') return
    this.#end()
    this.#framed.close(code, reason)
  }

  #expectEnding(): Ending {
    this.#ending ??= new Ending()
    return this.#ending
  }

  #end(): void {
    this.#state = 'closed'
    this.#ending?.cancel()
    this.#timer?.cancel()
    this.#dispatcher?.close()
  }

  #after(delayMs: number, run: () => void): Timer {
    return this.#parts.framing.wheel.after(delayMs, run)
  }
}
