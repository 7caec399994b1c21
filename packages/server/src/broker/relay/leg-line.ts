import type { FrameInit } from '@hoofbeat/codec'
import type { Settled } from '../broker.js'
import type { LegLimits, LegParts } from './leg-parts.js'
import { BoundRequest, comesAgain, type LegRequest, Outcome, type RequestOwner, SendingRequest } from './leg-request.js'
import type { HeaderLine } from './profile.js'
import type { Upstream, UpstreamEnd } from './upstream.js'
import { createWaitingFrames, type WaitingFrames } from './waiting-frames.js'

/** So often a request may be out alone when its connection ends: then it is taken for the reason. */
const MAX_LOSSES_ALONE = 3

/**
 * What goes out by a leg, in one order over all connections: what waits, what is out and not answered, and what is sent
 * again.
 *
 * It is on trial after an ERROR that does not say what it answers, and when the same request was lost twice. Then one
 * request is out at a time, so that the next end of the connection shows which one the broker cannot bear. What was out
 * before comes first; when all of that is answered the trial is over.
 */
export class LegLine implements RequestOwner {
  isTrial = false
  /** Whether an ERROR has led to the trial: only then a further one is taken for the answer to what is out alone. */
  isBlaming = false
  readonly waiting: WaitingFrames
  readonly #parts: Pick<LegParts, 'clock'>
  readonly #limits: LegLimits
  /** Undefined: nothing can be written. */
  #upstream: Upstream | undefined
  #isPumping = false
  #unansweredBytes = 0
  /** What the connection that is just ending leaves unanswered. */
  #lost: SendingRequest[] = []
  /** Resolves when the connection has room. */
  #room: Outcome | undefined

  constructor(parts: Pick<LegParts, 'clock' | 'wheel'>, limits: LegLimits) {
    this.#parts = parts
    this.#limits = limits
    this.waiting = createWaitingFrames({ ...parts, limits })
  }

  /** True: nothing waits, and nothing is out. */
  get isIdle(): boolean {
    return this.waiting.isEmpty && (this.#upstream === undefined || this.#upstream.unanswered === 0)
  }

  /** From now on this connection is written to. */
  open(upstream: Upstream): void {
    this.#upstream = upstream
    this.pump()
  }

  /** Sends what waits for the broker if need be. */
  send(frames: readonly FrameInit[], isReceipted: boolean, repeated: readonly HeaderLine[] | undefined): Settled {
    if (!isReceipted && this.#isClear()) return this.#writeAway(frames)
    const request = new SendingRequest(frames, isReceipted, repeated, this.#parts.clock.now(), this)
    if (this.waiting.push(request)) this.pump()
    else request.refuse()
    return request.settled
  }

  /** Sends what belongs to the present connection, and is forgotten with it. */
  answer(frames: readonly FrameInit[], isReceipted: boolean): Settled {
    if (!isReceipted && this.#isClear()) return this.#writeAway(frames)
    const outcome = new Outcome()
    const answered = (): void => outcome.resolve()
    const lost = isReceipted ? (): void => outcome.reject(comesAgain()) : answered
    this.take(new BoundRequest(frames, isReceipted, { answered, refused: (error) => outcome.reject(error), lost }))
    return outcome.settled
  }

  /** The same, for who has an answer of his own. */
  take(request: BoundRequest): void {
    this.waiting.push(request)
    this.pump()
  }

  /** Writes what can be written now. */
  pump(): void {
    // What is told on the way may send more.
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      while (this.#writeNext());
    } finally {
      this.#isPumping = false
    }
  }

  /** The connection has room again. */
  ready(): void {
    const room = this.#room
    this.#room = undefined
    // What waits goes before those who have held back.
    this.pump()
    room?.resolve()
  }

  /** The connection has ended; all that was out was told so. `lostCount`: how much that was, whatever it was. */
  ended(cause: UpstreamEnd['cause'], lostCount: number): void {
    this.#upstream = undefined
    for (const request of this.waiting.takeBound()) request.lost()
    const lost = this.#lost
    this.#lost = []
    const again = lost.filter((request) => this.#isRepeated(request, lostCount === 1))
    this.waiting.putBack(again)
    this.isBlaming ||= cause === 'error' && lostCount > 0
    this.isTrial ||= this.isBlaming || again.some(({ losses }) => losses > 1)
    this.#room?.resolve()
    this.#room = undefined
  }

  /** Refuses what waits. */
  close(): void {
    this.#upstream = undefined
    this.waiting.refuseAll()
  }

  // From the requests.

  wentOut({ waiting }: SendingRequest): void {
    this.#unansweredBytes += waiting.byteLength
  }

  cameBack({ waiting }: SendingRequest): void {
    this.#unansweredBytes -= waiting.byteLength
  }

  lost(request: SendingRequest): void {
    this.#lost.push(request)
  }

  /** Whether what is to be sent can be written at once. */
  #isClear(): boolean {
    return this.#upstream !== undefined && !this.#upstream.isFull && this.waiting.isEmpty && !this.isTrial
  }

  #writeAway(frames: readonly FrameInit[]): Settled {
    const upstream = this.#upstream
    try {
      upstream?.send(frames)
    } catch (error) {
      return Promise.reject(error)
    }
    if (!upstream?.isFull || upstream !== this.#upstream) return undefined
    this.#room ??= new Outcome()
    return this.#room.settled
  }

  #writeNext(): boolean {
    const upstream = this.#upstream
    const request = this.waiting.first
    if (upstream === undefined || upstream.isFull || !this.#mayTry(upstream)) return false
    if (request === undefined || !this.#fits(request, upstream)) return false
    this.waiting.shift()
    request.write(upstream)
    return true
  }

  /** One at a time while it is on trial; which is over when all is answered that was out before. */
  #mayTry(upstream: Upstream): boolean {
    if (!this.isTrial) return true
    if (upstream.unanswered > 0) return false
    this.isTrial = this.waiting.hasRepeated
    this.isBlaming &&= this.isTrial
    upstream.isBlaming = this.isBlaming
    return true
  }

  #fits({ isReceipted, waiting }: LegRequest, { unanswered }: Upstream): boolean {
    if (!isReceipted || unanswered === 0) return true
    if (unanswered >= this.#limits.maxUnanswered) return false
    return waiting === undefined || this.#unansweredBytes + waiting.byteLength <= this.#limits.maxWaitingBytes
  }

  /** Whether what was lost is sent again; else it is refused here. */
  #isRepeated(request: SendingRequest, wasAlone: boolean): boolean {
    const isBad = this.isTrial && wasAlone && request.losses >= MAX_LOSSES_ALONE
    if (!isBad && request.repeat(this.#parts.clock.now())) return true
    request.refuse()
    return false
  }
}
