import type { Carrier } from './carrier.js'
import type { RungName } from './ladder.js'
import type { SocketUplink } from './socket-uplink.js'

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
  /** When its `o` came. */
  openAt?: number
  /** Number of the last message that came on it. */
  position: number
  /** It is known to let messages through as they are written. */
  isProved: boolean
  /** A successor has been begun because this one failed; what still comes on it is welcome. */
  isAbandoned: boolean
  /** The server said that it wrote messages up to this number to it. */
  owed: number
  /** Take back the timers that judge it. */
  silence?: () => void
  lateness?: () => void
}

export function createAttach(number: number, rung: RungName, nowMs: number, holdMs = 0): Attach {
  return {
    number,
    rung,
    startedAt: nowMs,
    holdMs,
    heardAt: nowMs,
    position: 0,
    isProved: false,
    isAbandoned: false,
    owed: 0,
  }
}

/** Ends it without a word. */
export function dropAttach({ silence, lateness, up, carrier }: Attach): void {
  silence?.()
  lateness?.()
  up?.stop()
  carrier?.drop()
}
