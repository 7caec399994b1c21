import type { Frame } from '@hoofbeat/codec'
import type { Timer } from '../clock/wheel.js'
import type { StompError } from '../errors.js'
import type { FramedConnection } from '../framing/framed-connection.js'
import type { RateRule } from './rate-limit.js'
import { RateLimiter } from './rate-limiter.js'
import type { SessionParts } from './session-parts.js'

/**
 * The frames of one session that were taken in and whose outcome has not been told yet, and whether more are to be read:
 * not while the dispatcher holds the session, while there are too many of them, or while a limit lets reading rest.
 */
export class Intake {
  readonly #framed: FramedConnection
  readonly #parts: Pick<SessionParts, 'framing' | 'limits'>
  #unsettled = 0
  /** Bytes of the bodies of their SENDs. */
  #unsettledBytes = 0
  #isOpen = false
  #isHeld = false
  /** There have been too many, or too large ones, and not yet less than half of that. */
  #isCrowded = false
  /** Undefined where the session has no limits. */
  #rateLimiter: RateLimiter | undefined
  #last: (() => void) | undefined
  #timer: Timer | undefined

  constructor(framed: FramedConnection, parts: Pick<SessionParts, 'framing' | 'limits'>) {
    this.#framed = framed
    this.#parts = parts
  }

  /** The session is connected: its frames are read. */
  open(rateRules: readonly RateRule[]): void {
    this.#isOpen = true
    if (rateRules.length > 0) {
      this.#rateLimiter = new RateLimiter(rateRules, this.#parts.framing, () => this.#readOrPause())
    }
    this.#framed.setPaused(false)
  }

  /** One more frame. Returns its refusal, if it is over a limit; it is unsettled all the same. */
  take(frame: Frame): StompError | undefined {
    this.#unsettled++
    if (frame.command === 'SEND') this.#unsettledBytes += frame.body.length
    const { maxUnsettledFrames, maxUnsettledBytes } = this.#parts.limits
    const isTooMuch = this.#unsettled >= maxUnsettledFrames || this.#unsettledBytes >= maxUnsettledBytes
    if (isTooMuch && !this.#isCrowded) {
      this.#isCrowded = true
      this.#readOrPause()
    }
    return this.#rateLimiter?.take(frame)
  }

  /** The outcome of one of them is told. */
  settle(frame: Frame): void {
    this.#unsettled--
    if (frame.command === 'SEND') this.#unsettledBytes -= frame.body.length
    if (this.#isCrowded && this.#isHalfEmpty) {
      this.#isCrowded = false
      // Later: the next frame must not be handled inside of what has settled this one.
      queueMicrotask(() => this.#readOrPause())
    }
    if (this.#unsettled === 0) this.#runLast()
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#readOrPause()
  }

  /**
   * Nothing more is taken in. Runs `last` once all is settled: now, or at the latest when there was time enough. Called
   * again: runs this one in its place.
   */
  leave(last: () => void): void {
    this.#isOpen = false
    const { limits, framing } = this.#parts
    this.#last = last
    if (this.#unsettled === 0) this.#runLast()
    else this.#timer ??= framing.wheel.after(limits.settleTimeoutMs, () => this.#runLast())
    // Last: where the connection has ended meanwhile, this tells so.
    this.#framed.setPaused(false)
  }

  /** The session is over. */
  end(): void {
    this.#isOpen = false
    this.#last = undefined
    this.#timer?.cancel()
    this.#rateLimiter?.end()
  }

  get #isHalfEmpty(): boolean {
    const { maxUnsettledFrames, maxUnsettledBytes } = this.#parts.limits
    return this.#unsettled < maxUnsettledFrames / 2 && this.#unsettledBytes < maxUnsettledBytes / 2
  }

  #runLast(): void {
    const last = this.#last
    this.#last = undefined
    this.#timer?.cancel()
    last?.()
  }

  #readOrPause(): void {
    if (!this.#isOpen) return
    this.#framed.setPaused(this.#isHeld || this.#isCrowded || this.#rateLimiter?.isResting === true)
  }
}
