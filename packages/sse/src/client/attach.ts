import type { Carrier } from './carrier.js'
import type { LinkParts } from './link-parts.js'
import type { RungName } from './options.js'
import type { SocketUplink } from './socket-uplink.js'
import type { Timer } from './timer.js'

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
  isOpen: boolean
  openAt: number
  /** Number of the last message that came on it. */
  position: number
  /** It is known to let messages through as they are written. */
  isProved: boolean
  /** A successor has been begun because this one failed; what still comes on it is welcome. */
  isAbandoned: boolean
  /** The server said that it wrote messages up to this number to it. */
  owed: number
  /** What judges it. */
  readonly silence: Timer
  readonly lateness: Timer
}

export function createAttach({ now, timer }: LinkParts, number: number, rung: RungName, holdMs = 0): Attach {
  const startedAt = now()
  return {
    number,
    rung,
    startedAt,
    holdMs,
    heardAt: startedAt,
    isOpen: false,
    openAt: startedAt,
    position: 0,
    isProved: false,
    isAbandoned: false,
    owed: 0,
    silence: timer(),
    lateness: timer(),
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
