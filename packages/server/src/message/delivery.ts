/** What one subscription adds to a message. Made once for each subscription where nothing changes between messages. */
export interface Delivery {
  /** The id of the subscription; absent for a STOMP 1.0 subscription without one, whose MESSAGE names none. */
  readonly subscription: string | undefined
  /** The destination to be shown instead of the message's own (user destinations). */
  readonly destination?: string
  /** The value of the `ack` header, where the subscription acknowledges. */
  readonly ack?: string
  /** True if the message was delivered before and came back. */
  readonly redelivered?: boolean
}

/** What became of a delivery: taken; taken, but no more please until `ready`; or not taken. */
export type Taken = 'taken' | 'full' | 'dropped'
