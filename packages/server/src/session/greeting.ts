import { type Frame, ProtocolError } from '@hoofbeat/codec'
import type { Timer } from '../clock/wheel.js'
import { StompError, toStompError } from '../errors.js'
import type { FramedConnection } from '../framing/framed-connection.js'
import { type Refusal, refusalOf } from './error-frame.js'
import { type Handshake, shakeHands } from './handshake.js'
import type { SessionParts } from './session-parts.js'

/** Who is told how a greeting has ended. */
export interface GreetingListener {
  /** Reading is paused. */
  greeted(handshake: Handshake): void
  notGreeted(refusal: Refusal & { cause?: unknown }, receipt: string | undefined): void
}

/**
 * One session from the opening of its connection to CONNECTED: waits for CONNECT or STOMP, then for `authenticate`, and
 * for neither longer than it may take. A session that is connected has none any more.
 */
export class Greeting {
  readonly #framed: FramedConnection
  readonly #sessionId: string
  readonly #parts: SessionParts
  readonly #listener: GreetingListener
  #timer: Timer
  #isAsked = false

  constructor(framed: FramedConnection, sessionId: string, parts: SessionParts, listener: GreetingListener) {
    this.#framed = framed
    this.#sessionId = sessionId
    this.#parts = parts
    this.#listener = listener
    this.#timer = this.#refuseAfter(parts.limits.connectTimeoutMs, () => new StompError('STOMP_ERR_CONNECT_TIMEOUT'))
  }

  /** The first frame of the client; those behind it wait unread until it has an answer. */
  frame(frame: Frame): void {
    if (this.#isAsked) return
    this.#isAsked = true
    const receipt = frame.headers.get('receipt')
    if (frame.command !== 'CONNECT' && frame.command !== 'STOMP') {
      return this.#listener.notGreeted(new StompError('STOMP_ERR_NOT_CONNECTED'), receipt)
    }
    this.#timer.cancel()
    this.#timer = this.#refuseAfter(
      this.#parts.limits.hookTimeoutMs,
      () => new StompError('STOMP_ERR_NOT_AUTHENTICATED', { message: 'The credentials were not checked in time' }),
    )
    const { transport } = this.#framed.peer
    this.#parts.observe({ type: 'connect', session: this.#sessionId, transport })
    this.#framed.setPaused(true)
    shakeHands(frame, this.#framed.peer, this.#sessionId, this.#parts).then(
      (handshake) => this.#listener.greeted(handshake),
      (error) => this.#listener.notGreeted(toRefusal(error), receipt),
    )
  }

  /** It is over, one way or the other. */
  end(): void {
    this.#timer.cancel()
  }

  #refuseAfter(delayMs: number, refusal: () => StompError): Timer {
    return this.#parts.framing.wheel.after(delayMs, () => this.#listener.notGreeted(refusal(), undefined))
  }
}

function toRefusal(error: unknown): Refusal & { cause?: unknown } {
  return error instanceof ProtocolError ? refusalOf(error) : toStompError(error, 'STOMP_ERR_NOT_AUTHENTICATED')
}
