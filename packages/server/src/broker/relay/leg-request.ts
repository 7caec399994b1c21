import { createHeaders, type FrameInit } from '@hoofbeat/codec'
import { StompError, toStompError } from '../../errors.js'
import type { HeaderLine } from './profile.js'
import type { Answer, Upstream } from './upstream.js'

/** What goes to the broker as one: frames that are written together, and answered by one RECEIPT or by none. */
export type LegRequest = SendingRequest | BoundRequest

/** What a request counts against the bounds of what waits, and since when it does. */
export interface WaitingCost {
  readonly frameCount: number
  readonly byteLength: number
  /** On the clock; since it was sent, or since it was lost for the first time. */
  readonly sinceMs: number
}

/** A promise that is settled from elsewhere. Nobody has to look at its rejection. */
export class Outcome {
  readonly settled: Promise<void>
  #resolve: () => void = () => {}
  #reject: (error: unknown) => void = () => {}

  constructor() {
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.settled.catch(() => {})
  }

  resolve(): void {
    this.#resolve()
  }

  reject(error: unknown): void {
    this.#reject(error)
  }
}

/** Who follows the requests that outlast a connection. */
export interface RequestOwner {
  /** It was written, and a RECEIPT is due. */
  wentOut(request: SendingRequest): void
  /** It was answered, or will not be any more. */
  cameBack(request: SendingRequest): void
  /** The connection has ended before it was answered. */
  lost(request: SendingRequest): void
}

/** A request that waits for the broker if need be. */
export class SendingRequest implements Answer {
  readonly isReceipted: boolean
  /** How many connections have ended since it was written without an answer to it. */
  losses = 0
  waiting: WaitingCost
  #frames: readonly FrameInit[]
  #isOut = false
  readonly #repeated: readonly HeaderLine[] | undefined
  readonly #owner: RequestOwner
  readonly #outcome = new Outcome()

  constructor(
    frames: readonly FrameInit[],
    isReceipted: boolean,
    repeated: readonly HeaderLine[] | undefined,
    nowMs: number,
    owner: RequestOwner,
  ) {
    this.isReceipted = isReceipted
    this.waiting = { frameCount: frames.length, byteLength: byteLengthOf(frames), sinceMs: nowMs }
    this.#frames = frames.map(keepAlone)
    this.#repeated = repeated
    this.#owner = owner
  }

  get settled(): Promise<void> {
    return this.#outcome.settled
  }

  write(upstream: Upstream): void {
    if (this.isReceipted) {
      this.#isOut = true
      this.#owner.wentOut(this)
    }
    try {
      upstream.send(this.#frames, this.isReceipted ? this : undefined)
      if (!this.isReceipted) this.#outcome.resolve()
    } catch (error) {
      this.#comeBack()
      this.#outcome.reject(error)
    }
  }

  answered(): void {
    this.#comeBack()
    this.#outcome.resolve()
  }

  refused(error: StompError): void {
    this.#comeBack()
    this.#outcome.reject(error)
  }

  lost(): void {
    this.#comeBack()
    this.losses++
    this.#owner.lost(this)
  }

  /** Makes it ready to be sent again. False: it must not be. */
  repeat(nowMs: number): boolean {
    const repeated = this.#repeated
    if (repeated === undefined) return false
    if (this.losses > 1) return true
    this.waiting = { ...this.waiting, sinceMs: nowMs }
    this.#frames = this.#frames.map((frame) => (frame.command === 'SEND' ? withHeaders(frame, repeated) : frame))
    return true
  }

  /** It has waited long enough, or there is no room for it, or no way. */
  refuse(): void {
    this.#outcome.reject(this.losses === 0 ? unavailable() : fateUnknown())
  }

  #comeBack(): void {
    if (!this.#isOut) return
    this.#isOut = false
    this.#owner.cameBack(this)
  }
}

/** A request that ends with its connection: answers to deliveries, and the changes of subscriptions. */
export class BoundRequest {
  readonly waiting: undefined
  readonly isReceipted: boolean
  /** True once it was written. */
  isOut = false
  /** True: nobody wants it any more, and it is not written. */
  isVoid = false
  readonly #frames: readonly FrameInit[]
  readonly #answer: Answer

  constructor(frames: readonly FrameInit[], isReceipted: boolean, answer: Answer) {
    this.isReceipted = isReceipted
    this.#frames = frames
    this.#answer = answer
  }

  write(upstream: Upstream): void {
    if (this.isVoid) return
    this.isOut = true
    try {
      upstream.send(this.#frames, this.isReceipted ? this.#answer : undefined)
      if (!this.isReceipted) this.#answer.answered()
    } catch (error) {
      this.#answer.refused(toStompError(error, 'STOMP_ERR_BROKER_REFUSED'))
    }
  }

  /** Its connection has ended before it was written. */
  lost(): void {
    this.#answer.lost()
  }
}

/** The broker could not be asked. */
export const unavailable = (): StompError => new StompError('STOMP_ERR_BROKER_UNAVAILABLE')

/** The broker was asked, and its answer will not come any more. */
export const fateUnknown = (): StompError =>
  new StompError('STOMP_ERR_BROKER_UNAVAILABLE', {
    message: 'The connection to the message broker was lost before it had answered: it may or may not have happened',
    cure: 'Find out whether it has happened before you do it again.',
  })

/** A delivery was answered whose connection is gone. */
export const comesAgain = (): StompError =>
  new StompError('STOMP_ERR_BROKER_UNAVAILABLE', {
    message: 'The connection to the message broker was lost, and the message may come again',
    cure: 'Acknowledge it when it has come again.',
  })

/** Bytes of bodies and headers, about. */
export function byteLengthOf(frames: readonly FrameInit[]): number {
  let bytes = 0
  for (const { headers, body } of frames) {
    bytes += body?.length ?? 0
    for (const text of createHeaders(headers).flat) bytes += text.length + 1
  }
  return bytes
}

/** A small body may be a view of a large chunk, which would live as long as the frame waits. */
function keepAlone(frame: FrameInit): FrameInit {
  const { command, headers, body } = frame
  if (!(body instanceof Uint8Array) || body.buffer.byteLength <= 2 * body.length + 1_024) return frame
  return { command, ...(headers === undefined ? {} : { headers }), body: new Uint8Array(body) }
}

const withHeaders = ({ command, headers, body }: FrameInit, added: readonly HeaderLine[]): FrameInit => ({
  command,
  headers: [...createHeaders(headers), ...added],
  ...(body === undefined ? {} : { body }),
})
