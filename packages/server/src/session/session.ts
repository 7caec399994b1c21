import type { Frame, ProtocolError, Version } from '@hoofbeat/codec'
import type { Timer } from '../clock/wheel.js'
import type { Connection } from '../connection/connection.js'
import type { Dispatcher } from '../dispatch/dispatcher.js'
import type { Recipient } from '../dispatch/recipient.js'
import { StompError } from '../errors.js'
import { type FramedConnection, type FrameListener, frameConnection } from '../framing/framed-connection.js'
import type { Delivery, Taken } from '../message/delivery.js'
import type { Message } from '../message/message.js'
import { Credentials, type CredentialsOwner } from './credentials.js'
import { Ending } from './ending.js'
import { closeCodeOf, errorFrame, type Refusal, refusalOf } from './error-frame.js'
import { Greeting, type GreetingListener } from './greeting.js'
import type { Handshake } from './handshake.js'
import { Intake } from './intake.js'
import { reportClosed, reportConnected, reportRefused, reportSilent, reportSlow } from './report.js'
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
 * greeting: until CONNECT is answered; connected; leaving: DISCONNECT, drain or a refusal, nothing more is taken in, what
 * is under way settles; lingering: the last RECEIPT was written, nothing more is said, the client may close; closed.
 */
type State = 'greeting' | 'connected' | 'leaving' | 'lingering' | 'closed'

class StompSession implements Session, FrameListener, GreetingListener, Recipient, CredentialsOwner {
  readonly id: string = crypto.randomUUID()
  readonly #parts: SessionParts
  readonly #framed: FramedConnection
  readonly #onClosed: (session: Session) => void
  readonly #intake: Intake
  #state: State = 'greeting'
  /** Undefined once connected. */
  #greeting: Greeting | undefined
  /** Once connected, that of all deliveries. */
  #version: Version = '1.2'
  #dispatcher: Dispatcher | undefined
  #lingering: Timer | undefined
  /** It leaves for a refusal: that will be its last word. */
  #isRefused = false
  #ending: Ending | undefined
  /** Of a session whose credentials end, or that has renewed them. */
  #credentials: Credentials | undefined

  constructor(connection: Connection, parts: SessionParts, closed: (session: Session) => void) {
    this.#parts = parts
    this.#onClosed = closed
    this.#framed = frameConnection(connection, 'client', this, parts.framing)
    this.#intake = new Intake(this.#framed, parts)
    this.#greeting = new Greeting(this.#framed, this.id, parts, this)
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
      case 'connected':
        return this.#handle(frame)
      case 'greeting':
        return this.#greeting?.frame(frame)
      default:
        // After DISCONNECT nothing more is taken in.
        return
    }
  }

  malformed(error: ProtocolError): void {
    // Behind a DISCONNECT nothing counts.
    if (this.#state === 'leaving' || this.#state === 'lingering') return
    this.#refuse(refusalOf(error), error.receipt)
  }

  broken(code: number, reason: string): void {
    const error = code === 1009 ? 'STOMP_ERR_MESSAGE_TOO_LARGE' : 'STOMP_ERR_TRANSPORT'
    this.#fail(new StompError(error, { cause: reason }), undefined, code)
  }

  /** As a DISCONNECT that asks for no receipt: what is under way settles, and its answers are written. */
  ended(): void {
    if (this.#state === 'connected') return this.#leaveWith(() => this.#close(1000, ''))
    if (this.#state !== 'leaving') this.#close(1000, '')
  }

  unfinished(): void {
    this.#refuse(new StompError('STOMP_ERR_FRAME_TIMEOUT'))
  }

  silent(): void {
    // Who has said DISCONNECT need not beat any more; that wait has its own end.
    if (this.#state === 'leaving' || this.#state === 'lingering') return
    reportSilent(this.#parts.observe, this)
    this.#fail(new StompError('STOMP_ERR_SILENT'))
  }

  renewed(identity: unknown, lifeMs: number | undefined): void {
    this.renewal.identityRenewed(identity, lifeMs)
  }

  ready(): void {
    this.#dispatcher?.ready()
  }

  overflowed(waitingBytes: number): void {
    const error = new StompError('STOMP_ERR_SLOW_READER')
    reportSlow(this.#parts.observe, this, waitingBytes)
    reportRefused(this.#parts.observe, this, error)
    this.#close(1013, error.code)
  }

  closed(code: number, reason: string): void {
    this.#end()
    this.#dispatcher?.gone(code, reason)
    reportClosed(this.#parts.observe, this, code, reason)
    this.#onClosed(this)
    this.#expectEnding().gone()
  }

  // From the greeting.

  greeted(handshake: Handshake): void {
    if (this.#state !== 'greeting') return
    this.#greeting?.end()
    this.#greeting = undefined
    this.#framed.peer.request = undefined
    const { user, version, clientId, credentials, rateRules } = handshake
    const { transport } = this.#framed.peer
    this.#framed.version = version
    this.#version = version
    this.#framed.send({ command: 'CONNECTED', headers: handshake.headers })
    this.#state = 'connected'
    const caller = { sessionId: this.id, user, version, clientId, transport }
    this.#dispatcher = this.#parts.openDispatcher(this, caller, credentials)
    reportConnected(this.#parts.observe, this)
    if (user?.expiresAtMs !== undefined) this.renewal.endAt(user.expiresAtMs)
    this.#framed.startHeartBeat(handshake)
    this.#intake.open(rateRules)
  }

  notGreeted(refusal: Refusal & { cause?: unknown }, receipt: string | undefined): void {
    this.#fail(refusal, receipt)
  }

  // From the credentials.

  get dispatcher(): Dispatcher | undefined {
    return this.#dispatcher
  }

  credentialsEnded(): void {
    // Who has said DISCONNECT is leaving already; that wait has its own end.
    if (this.#state === 'connected') this.#fail(new StompError('STOMP_ERR_CREDENTIALS_EXPIRED'))
  }

  // From the dispatcher.

  get carrier(): FramedConnection {
    return this.#framed
  }

  deliver(message: Message, delivery: Delivery): Taken {
    if (!this.#isSpeaking) return 'dropped'
    const frame = message.frame(this.#version, delivery)
    if (!frame.isText && this.#framed.peer.isTextOnly === true) {
      this.#fail(new StompError('STOMP_ERR_BINARY_UNSUPPORTED'), undefined, 1003)
      return 'dropped'
    }
    return this.#framed.deliver(frame, message)
  }

  settled(frame: Frame): void {
    const receipt = frame.headers.get('receipt')
    if (receipt !== undefined) this.#receipt(receipt)
    this.#intake.settle(frame)
  }

  refused(frame: Frame, error: StompError): void {
    this.#refuse(error, frame.headers.get('receipt'))
    this.#intake.settle(frame)
  }

  answered(frame: Frame | undefined, error: StompError): void {
    reportRefused(this.#parts.observe, this, error)
    if (frame !== undefined) this.#intake.settle(frame)
  }

  failed(error: StompError): void {
    this.#fail(error)
  }

  expel(error: StompError): Promise<void> {
    this.#fail(error, undefined, 1008)
    return this.#expectEnding().wait()
  }

  get renewal(): Credentials {
    this.#credentials ??= new Credentials(this, this.#parts)
    return this.#credentials
  }

  setPaused(paused: boolean): void {
    this.#intake.hold(paused)
  }

  #handle(frame: Frame): void {
    const { command, headers } = frame
    if (command === 'CONNECT' || command === 'STOMP') {
      return this.#refuse(new StompError('STOMP_ERR_ALREADY_CONNECTED'), headers.get('receipt'))
    }
    if (command === 'DISCONNECT') return this.#disconnect(headers.get('receipt'))
    const missing = missingHeader(frame, this.#version)
    if (missing !== undefined) return this.#refuse(missing, headers.get('receipt'))
    const excess = this.#intake.take(frame)
    if (excess === undefined) this.#dispatcher?.handle(frame)
    else this.#dispatcher?.refuse(frame, excess)
  }

  /** Every earlier frame settles first; the RECEIPT is the last frame of the session (STOMP 1.2, "DISCONNECT"). */
  #disconnect(receipt: string | undefined): void {
    this.#leaveWith(() => {
      if (receipt === undefined) return this.#close(1000, '')
      this.#receipt(receipt)
      this.#state = 'lingering'
      this.#dispatcher?.close()
      const { limits, framing } = this.#parts
      this.#lingering = framing.wheel.after(limits.lingerMs, () => this.#close(1000, ''))
    })
  }

  #leaveWith(leave: () => void): void {
    this.#state = 'leaving'
    this.#dispatcher?.leave()
    this.#intake.leave(leave)
  }

  /** False once the last word is said: the RECEIPT of DISCONNECT, or an ERROR. */
  get #isSpeaking(): boolean {
    return this.#state !== 'lingering' && this.#state !== 'closed'
  }

  #receipt(id: string): void {
    if (!this.#isSpeaking) return
    this.#framed.send({ command: 'RECEIPT', headers: [['receipt-id', id]] })
  }

  /**
   * For what a frame of the client has brought about: its ERROR comes behind the answers that are due to other frames, as
   * far as these settle in time. Of several refusals the first is told.
   */
  #refuse(refusal: Refusal & { cause?: unknown }, receipt?: string): void {
    if (this.#state !== 'connected' && this.#state !== 'leaving') return this.#fail(refusal, receipt)
    reportRefused(this.#parts.observe, this, refusal)
    if (this.#isRefused) return
    this.#isRefused = true
    this.#leaveWith(() => this.#endWith(refusal, receipt))
  }

  /** ERROR, then close, at once. */
  #fail(refusal: Refusal & { cause?: unknown }, receipt?: string, code = closeCodeOf(refusal)): void {
    if (this.#state === 'lingering') return this.#close(code, '')
    // A handler may fail when its client has gone: that is told to the log all the same.
    reportRefused(this.#parts.observe, this, refusal)
    this.#endWith(refusal, receipt, code)
  }

  /** The ERROR is written first on every transport. */
  #endWith(refusal: Refusal, receipt: string | undefined, code = closeCodeOf(refusal)): void {
    if (this.#state === 'closed') return
    this.#framed.send(errorFrame(refusal, receipt))
    this.#close(code, refusal.code)
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
    this.#greeting?.end()
    this.#intake.end()
    this.#credentials?.close()
    this.#lingering?.cancel()
    this.#dispatcher?.close()
  }
}
