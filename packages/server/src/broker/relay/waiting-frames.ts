import type { Clock } from '../../clock/clock.js'
import type { Timer, Wheel } from '../../clock/wheel.js'
import type { LegRequest, SendingRequest, WaitingCost } from './leg-request.js'

/** How much waits for a broker that is away or slow, and how long. */
export interface WaitingLimits {
  /** Bytes of bodies and headers. A single request that is larger is taken when nothing else waits. @default 4194304 */
  readonly maxWaitingBytes: number
  /** @default 10000 */
  readonly maxWaitingFrames: number
  /** What waits longer is refused, in ms; up to a second late. @default 30000 */
  readonly maxWaitMs: number
}

/**
 * What waits for the broker, in order: first what was written and not answered when a connection ended, then what was
 * never written. Requests that belong to one connection stand in the same order, but count against no limit: they go
 * when the connection does, and a client that answers what it was given is never refused for it.
 */
export interface WaitingFrames {
  readonly frameCount: number
  readonly byteLength: number
  readonly isEmpty: boolean
  /** Whether something waits to be sent once more. */
  readonly hasRepeated: boolean
  /** The first, which is to be written next. */
  readonly first: LegRequest | undefined
  /** Puts a request behind all others. False: there is no room. */
  push(request: LegRequest): boolean
  /** Takes the first one out. */
  shift(): void
  /** Puts what was lost before all others, in its order; it may go beyond the limits, by as much as may be unanswered. */
  putBack(requests: readonly SendingRequest[]): void
  /** Takes out what belongs to the connection that has ended. */
  takeBound(): readonly LegRequest[]
  /** Refuses everything. */
  refuseAll(): void
}

/** What the buffer works with. */
export interface WaitingParts {
  readonly clock: Clock
  readonly wheel: Wheel
  readonly limits: WaitingLimits
}

/** Makes an empty one. */
export function createWaitingFrames(parts: WaitingParts): WaitingFrames {
  return new BoundedLine(parts)
}

/** How often what has waited too long is looked for, at the most: each look goes through all that waits. */
const LOOK_EVERY_MS = 1_000

/** Below so many requests that were taken out nobody moves the others up. */
const MOVE_UP_AFTER = 1_024

class BoundedLine implements WaitingFrames {
  frameCount = 0
  byteLength = 0
  readonly #parts: WaitingParts
  /** Those before `#start` were taken out. */
  #line: LegRequest[] = []
  #start = 0
  /** How many at the front were lost before. */
  #repeatedCount = 0
  #timer: Timer | undefined

  constructor(parts: WaitingParts) {
    this.#parts = parts
  }

  get isEmpty(): boolean {
    return this.#start === this.#line.length
  }

  get hasRepeated(): boolean {
    return this.#repeatedCount > 0
  }

  get first(): LegRequest | undefined {
    return this.#line[this.#start]
  }

  push(request: LegRequest): boolean {
    const { waiting } = request
    if (waiting !== undefined && !this.#hasRoomFor(waiting.frameCount, waiting.byteLength)) return false
    this.#line.push(request)
    this.#count(request, 1)
    this.#watch()
    return true
  }

  shift(): void {
    const request = this.#line[this.#start]
    if (request === undefined) return
    this.#count(request, -1)
    this.#start++
    if (this.#repeatedCount > 0) this.#repeatedCount--
    if (this.isEmpty) {
      this.#line = []
      this.#start = 0
    } else if (this.#start > MOVE_UP_AFTER && this.#start * 2 > this.#line.length) {
      this.#line = this.#line.slice(this.#start)
      this.#start = 0
    }
  }

  putBack(requests: readonly SendingRequest[]): void {
    if (requests.length === 0) return
    for (const request of requests) this.#count(request, 1)
    this.#line = [...requests, ...this.#line.slice(this.#start)]
    this.#start = 0
    this.#repeatedCount += requests.length
    this.#watch()
  }

  takeBound(): readonly LegRequest[] {
    const bound: LegRequest[] = []
    this.#keep((request) => {
      if (request.waiting !== undefined) return true
      bound.push(request)
      return false
    })
    return bound
  }

  refuseAll(): void {
    this.#refuse(() => true)
  }

  #hasRoomFor(frameCount: number, byteLength: number): boolean {
    if (this.frameCount === 0) return true
    const { maxWaitingBytes, maxWaitingFrames } = this.#parts.limits
    return this.byteLength + byteLength <= maxWaitingBytes && this.frameCount + frameCount <= maxWaitingFrames
  }

  #count({ waiting }: LegRequest, sign: 1 | -1): void {
    if (waiting === undefined) return
    this.frameCount += sign * waiting.frameCount
    this.byteLength += sign * waiting.byteLength
  }

  /** Takes out all others. */
  #keep(isKept: (request: LegRequest) => boolean): void {
    const line: LegRequest[] = []
    let repeatedCount = 0
    for (let i = this.#start; i < this.#line.length; i++) {
      const request = this.#line[i]
      if (request === undefined) continue
      if (!isKept(request)) this.#count(request, -1)
      else if (line.push(request) && i - this.#start < this.#repeatedCount) repeatedCount++
    }
    this.#line = line
    this.#start = 0
    this.#repeatedCount = repeatedCount
  }

  #refuse(isRefused: (waiting: WaitingCost) => boolean): void {
    const refused: SendingRequest[] = []
    this.#keep((request) => {
      if (request.waiting === undefined || !isRefused(request.waiting)) return true
      refused.push(request)
      return false
    })
    for (const request of refused) request.refuse()
  }

  #watch(): void {
    if (this.#timer !== undefined || this.frameCount === 0) return
    this.#timer = this.#parts.wheel.after(LOOK_EVERY_MS, () => {
      this.#timer = undefined
      const oldestMs = this.#parts.clock.now() - this.#parts.limits.maxWaitMs
      this.#refuse(({ sinceMs }) => sinceMs <= oldestMs)
      this.#watch()
    })
  }
}
