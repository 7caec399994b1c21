import type { Clock } from '../clock/clock.js'
import type { Timer, Wheel } from '../clock/wheel.js'

/** The negotiated intervals in ms; 0 = none. Below four ticks of the wheel the promises cannot be kept to the letter. */
export interface BeatIntervals {
  /** At least one byte is sent in every such interval. */
  readonly sendEveryMs: number
  /** The peer is to be heard within such an interval; silence is judged between twice and three times of it. */
  readonly expectEveryMs: number
}

/** The two watches over a connection: one keeps us heard, the other notices a peer that is gone. */
export interface HeartBeat {
  /** When something was heard last, on the clock; at first when this began. */
  readonly lastHeardMs: number
  /** Any byte arrived: the peer lives. */
  heard(): void
  /** While reading is paused silence proves nothing: it is not judged, and judged anew from the resumption. */
  setPaused(paused: boolean): void
  stop(): void
}

/** Whose heart-beats they are. */
export interface HeartBeatOwner {
  /** When something was written last, on the clock; it is asked for when a heart-beat may be due. */
  readonly lastWriteMs: number
  /** Writes one heart-beat. */
  beat(): void
  /** Told once; then both watches are over. */
  silent(): void
}

/** What the watches of all connections share. */
export interface HeartBeatParts {
  readonly clock: Clock
  readonly wheel: Wheel
}

/** Starts the watches that the intervals ask for. */
export function startHeartBeat(intervals: BeatIntervals, owner: HeartBeatOwner, parts: HeartBeatParts): HeartBeat {
  return new Watches(intervals, owner, parts)
}

/*
 * Neither watch moves its timer when something happens: the time is noted, and when the timer fires, it looks and sets
 * the next one. So a busy connection costs two numbers per message, and one timer entry per interval.
 *
 * We beat well before the interval is over: a timer may be one tick of the wheel late, and the peer counts from when it
 * heard us. Silence is judged in two looks, at twice and at two and a half times the interval: were the event loop held
 * up, the first look would come before the bytes that already wait in the kernel; between two looks they are read. A
 * second look that comes late itself counts as a first one, for the same reason.
 */
class Watches implements HeartBeat {
  readonly #owner: HeartBeatOwner
  readonly #parts: HeartBeatParts
  readonly #beatAfterMs: number
  readonly #expectEveryMs: number
  readonly #startMs: number
  lastHeardMs: number
  #sendTimer: Timer | undefined
  #silenceTimer: Timer | undefined
  #isPaused = false

  constructor(intervals: BeatIntervals, owner: HeartBeatOwner, parts: HeartBeatParts) {
    this.#owner = owner
    this.#parts = parts
    const { sendEveryMs, expectEveryMs } = intervals
    this.#beatAfterMs = Math.max(sendEveryMs / 4, sendEveryMs * 0.9 - 2 * parts.wheel.tickMs)
    this.#expectEveryMs = expectEveryMs
    this.#startMs = this.lastHeardMs = parts.clock.now()
    if (sendEveryMs > 0) this.#armSend(this.#beatAfterMs)
    if (expectEveryMs > 0) this.#armSilence()
  }

  heard(): void {
    this.lastHeardMs = this.#parts.clock.now()
  }

  setPaused(paused: boolean): void {
    this.#isPaused = paused
    if (!paused) this.heard()
  }

  stop(): void {
    this.#sendTimer?.cancel()
    this.#silenceTimer?.cancel()
  }

  #armSend(delayMs: number): void {
    this.#sendTimer = this.#parts.wheel.after(delayMs, () => {
      const idleMs = this.#parts.clock.now() - Math.max(this.#owner.lastWriteMs, this.#startMs)
      if (idleMs < this.#beatAfterMs) return this.#armSend(this.#beatAfterMs - idleMs)
      this.#armSend(this.#beatAfterMs)
      this.#owner.beat()
    })
  }

  #armSilence(): void {
    const delayMs = Math.max(this.#expectEveryMs * 2 - this.#silentMs(), 0)
    this.#silenceTimer = this.#parts.wheel.after(delayMs, () => this.#suspect())
  }

  #suspect(): void {
    const suspectMs = this.#expectEveryMs * 2
    if (this.#silentMs() < suspectMs) return this.#armSilence()
    const { clock, wheel } = this.#parts
    const lookMs = clock.now()
    this.#silenceTimer = wheel.after(this.#expectEveryMs / 2, () => {
      if (this.lastHeardMs >= lookMs) return this.#armSilence()
      const isLate = clock.now() - lookMs > this.#expectEveryMs / 2 + 2 * wheel.tickMs
      if (isLate || this.#isPaused) return this.#suspect()
      this.stop()
      this.#owner.silent()
    })
  }

  #silentMs(): number {
    return this.#isPaused ? 0 : this.#parts.clock.now() - this.lastHeardMs
  }
}
