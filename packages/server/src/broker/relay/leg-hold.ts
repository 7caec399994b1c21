import { StompError } from '../../errors.js'
import type { Subscriber } from '../broker.js'
import type { BrokerParts } from '../broker-factory.js'
import type { ChannelFlow } from '../embedded/live-subscription.js'
import type { Leg } from './leg.js'

/** What a hold works with. */
export interface LegHoldParts {
  readonly leg: Pick<Leg, 'setPaused'>
  readonly now: () => number
  /** Runs behind the present turn: what was only to be written at its end is written then. */
  readonly soon: BrokerParts['clock']['soon']
}

/** How long the broker keeps messages for a client that reads, but less than comes. */
const LONGEST_BEHIND_MS = 60_000

/** A client that was not held for so long has read all that had waited. */
const CAUGHT_UP_MS = 1_000

/**
 * Of a client with a leg of its own: while the client has no room for a topic the leg is not read, and what comes waits at
 * the broker; what comes from queues is bounded by its credit.
 * A client that takes nothing at all is ended by its own connection; one that does not catch up for a minute is ended here,
 * so that the broker has a minute's messages to keep for it and no more.
 */
export class LegHold {
  readonly #parts: LegHoldParts
  #isHeld = false
  #lastHold = 0
  /** Whether the client had no room beyond the turn in which it was given so much. */
  #isBehind = false
  /** Since when it has not caught up. */
  #behindMs = 0
  #releasedMs = Number.NEGATIVE_INFINITY

  constructor(parts: LegHoldParts) {
    this.#parts = parts
  }

  /** The same flow, for subscriptions to topics: whoever is full when one of those delivers has the leg held. */
  watch(flow: ChannelFlow): ChannelFlow {
    const { subscriber } = flow
    const watched: Subscriber = {
      deliver: (message, delivery) => {
        const taken = subscriber.deliver(message, delivery)
        if (taken === 'full') this.#hold(subscriber)
        return taken
      },
      refuse: (error) => subscriber.refuse(error),
    }
    return {
      subscriber: watched,
      get isFull() {
        return flow.isFull
      },
      set isFull(isFull) {
        flow.isFull = isFull
      },
    }
  }

  /** The client has room again. */
  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    if (this.#isBehind) this.#releasedMs = this.#parts.now()
    this.#isBehind = false
    this.#parts.leg.setPaused(false)
  }

  #hold(subscriber: Subscriber): void {
    if (this.#isHeld) return
    this.#isHeld = true
    const hold = ++this.#lastHold
    const { leg, soon } = this.#parts
    leg.setPaused(true)
    soon(() => {
      if (this.#isHeld && hold === this.#lastHold) this.#judge(subscriber)
    })
  }

  #judge(subscriber: Subscriber): void {
    this.#isBehind = true
    const nowMs = this.#parts.now()
    if (nowMs - this.#releasedMs >= CAUGHT_UP_MS) this.#behindMs = nowMs
    if (nowMs - this.#behindMs >= LONGEST_BEHIND_MS) subscriber.refuse(new StompError('STOMP_ERR_SLOW_READER'))
  }
}
