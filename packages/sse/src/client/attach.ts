import type { CloseReason } from '../wire/requests.js'
import type { Carrier } from './carrier.js'
import type { RungName } from './options.js'
import type { Timer } from './timer.js'

/**
 * The way up on one WebSocket. Messages leave as they are sent; that they arrive is proved by pings: with the first data,
 * and whenever data are unacknowledged without progress. A ping without its `k` says that the socket is mute upwards.
 */
export interface SocketUplink {
  /** Sends what is new. */
  push(): void
  /** Acknowledges; with a ping the server answers at once. */
  beat(isPing?: boolean): void
  /** It is mute unless a `k` comes soon. */
  check(): void
  /** A `k` came. */
  answered(hasProgress: boolean): void
  /** Closes the link behind all that was sent. */
  close(reason: CloseReason): void
  stop(): void
}

/** One attach of the link, from its request to its end (PROTOCOL.md, section 4). */
export interface Attach {
  readonly number: number
  readonly rung: RungName
  readonly startedAt: number
  /** For a poll: how long it may be held. */
  readonly holdMs: number
  carrier?: Carrier
  /** The way up, on a WebSocket. */
  up?: SocketUplink
  /** When bytes last came. */
  heardAt: number
  /** Its `o` came, and when. */
  isOpen?: boolean
  openAt: number
  /** Number of the last message that came on it. */
  position: number
  /** It is known to let messages through as they are written. */
  isProved?: boolean
  /** A successor has been begun because this one failed; what still comes on it is welcome. */
  isAbandoned?: boolean
  /** The server said that it wrote messages up to this number to it. */
  owed: number
  /** What judges it. */
  readonly silence: Timer
  readonly lateness: Timer
}

interface Clocks {
  now(): number
  timer(): Timer
}

/** `parts`: those of its link. */
export function createAttach(parts: Clocks, number: number, rung: RungName, holdMs = 0): Attach {
  const startedAt = parts.now()
  return {
    number,
    rung,
    startedAt,
    holdMs,
    heardAt: startedAt,
    openAt: startedAt,
    position: 0,
    owed: 0,
    silence: parts.timer(),
    lateness: parts.timer(),
  }
}

/** Judges it no more. */
export function quietAttach({ silence, lateness, up }: Attach): void {
  silence.stop()
  lateness.stop()
  up?.stop()
}

/** Ends it without a word. */
export function dropAttach(attach: Attach): void {
  quietAttach(attach)
  attach.carrier?.drop()
}
