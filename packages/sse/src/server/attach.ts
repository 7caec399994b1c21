import type { Attached, Beat, CloseReason } from '../wire/requests.js'
import type { LinkClock } from './clock.js'
import type { DownTurn } from './down-turn.js'
import type { Rung } from './link.js'
import type { LinkLimits, LinkTimes } from './links.js'
import type { Retention } from './retention.js'

/**
 * One carrier of a link, from the moment in which it was accepted until it or the link lets go. It has its own place in
 * the numbers of the down messages; what it does not take stays in the retention, and is sent from there.
 */
export interface Attach {
  readonly rung: Rung
  /** The number that the client gave it. */
  readonly number: number
  /** Last down message written to it. */
  readonly sent: number
  /** Monotonic time since which the carrier takes no more; undefined: it takes. */
  readonly fullSinceMs: number | undefined
  /** True if we do not read what the client says, so that its silence means nothing. */
  readonly isHeldBack: boolean
  /** Something was said since `quiet` was last asked. */
  takeSaid(): boolean
  /** Says `o`, then all that is retained; in a link that is closing, also `c`. */
  start(attached: Attached): void
  /** A turn was retained whose first message has this number. */
  push(turn: DownTurn, first: number): void
  /** Writes what is retained and the carrier takes; then `c`, if the link is closing. */
  flush(): void
  /** Says `k`. */
  beat(): void
  /** Stops or starts reading the client, if the carrier can. */
  holdBack(isHeld: boolean): void
  /** Ends it at a message border: another attach goes on, or the link is over. Nothing is told of it any more. */
  end(): void
  /** Ends it at once: the client takes nothing, or is silent. Nothing is told of it any more. */
  destroy(): void
}

/** What an attach asks of its link, and tells it. */
export interface AttachOwner {
  readonly clock: LinkClock
  readonly limits: LinkLimits
  readonly times: LinkTimes
  readonly retention: Retention
  /** How the link ends; undefined while it lives. */
  readonly verdict: CloseReason | undefined
  /** What `k` says to who was sent so much. */
  beatOf(sent: number): Beat
  /** This attach carries no more. */
  ended(attach: Attach): void
}
