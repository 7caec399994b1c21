import type { Attach } from './attach.js'
import type { LinkTimes } from './links.js'

/**
 * Judges one attach by its times. It is asked now and then, and takes as the time of what happened in between the time
 * at which it is asked: so that nobody need look at the clock for each message.
 */
export class Liveness {
  #heardMs: number
  #saidMs: number
  #progressMs: number
  #hasHeard = false
  #hasProgress = false

  constructor(nowMs: number) {
    this.#heardMs = nowMs
    this.#saidMs = nowMs
    this.#progressMs = nowMs
  }

  /** The client has said something, on whatever way. */
  heard(): void {
    this.#hasHeard = true
  }

  /** The client has acknowledged something: what fills the carrier is moving. */
  progressed(): void {
    this.#hasProgress = true
  }

  /** What is due: `beat`: say something. `end`: the carrier is stuck, or the client silent. */
  judge(attach: Attach, nowMs: number, periodMs: number, times: LinkTimes): 'beat' | 'end' | undefined {
    // While we do not read, silence means nothing.
    if (this.#hasHeard || attach.isHeldBack) this.#heardMs = nowMs
    if (this.#hasProgress) this.#progressMs = nowMs
    if (attach.takeSaid()) this.#saidMs = nowMs
    this.#hasHeard = false
    this.#hasProgress = false
    const { fullSinceMs } = attach
    if (fullSinceMs !== undefined && nowMs - Math.max(fullSinceMs, this.#progressMs) >= times.drainMs) return 'end'
    if (nowMs - this.#heardMs >= times.silenceMs) return 'end'
    // What was said last may be a period older, and the next look comes a period later.
    return nowMs - this.#saidMs + 2 * periodMs > times.beatMs ? 'beat' : undefined
  }
}
