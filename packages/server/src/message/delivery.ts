import type { Version } from '@hoofbeat/codec'
import type { WireText } from './wire-frame.js'

/** What one subscription adds to a message. Made once for each subscription where nothing changes between messages. */
export interface Delivery {
  /** The id of the subscription; absent for a STOMP 1.0 subscription without one, whose MESSAGE names none. */
  readonly subscription: string | undefined
  /** The destination to be shown instead of the message's own (user destinations). */
  readonly destination?: string
  /** The value of the `ack` header, where the subscription acknowledges; written for STOMP 1.2 only. */
  readonly ack?: string
  /** True if the message was, or may have been, delivered before and came back. */
  readonly redelivered?: boolean
  /** With `redelivered`: the how many-th delivery this is, as far as is known. */
  readonly deliveryCount?: number
  /** True if messages between the one before and this one may be missing: the history did not reach that far. */
  readonly isAfterGap?: boolean
  /** Of one that is used again and again: how the last MESSAGE began where nothing else was to be said. Kept by the message. */
  start?: { readonly version: Version; readonly destination: string; readonly head: WireText } | undefined
}

/** What became of a delivery: taken; taken, but no more please until `ready`; or not taken. */
export type Taken = 'taken' | 'full' | 'dropped'
