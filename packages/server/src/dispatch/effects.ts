import type { Frame } from '@hoofbeat/codec'
import type { BrokerRequest, Channel, Settled, Subscriber } from '../broker/broker.js'
import type { StompError } from '../errors.js'
import type { Delivery, Taken } from '../message/delivery.js'
import type { Message } from '../message/message.js'
import type { Outcomes } from './outcomes.js'
import type { Recipient } from './recipient.js'

/** Deliveries to a session that may wait for the receipt of the frame that causes them; then the broker is held back. */
const MAX_HELD = 64

/** What follows from an effect, besides the outcome that the recipient is told. */
export interface Consequences {
  /** After the recipient was told that it is settled. */
  readonly next?: () => void
  /** Before the recipient is told that it is refused. */
  readonly undo?: () => void
  /** In place of telling the recipient, where it is refused later. */
  readonly refusedLater?: (error: unknown) => void
}

/**
 * Brings about the effects of one session's frames, and tells that each is settled before any message that it causes at
 * this same session: a client that sends to itself reads RECEIPT, then MESSAGE. A broker that settles later delivers
 * after that by itself.
 */
export interface Effects extends Subscriber {
  /** The session cannot take more for now; `ready` will follow. */
  readonly isFull: boolean
  /** Whom the broker knows by these effects; to be told once, before any frame. */
  channel: Pick<Channel, 'handle' | 'ready'> | undefined
  /** One request to the broker. Throws what the broker refuses at once; what it refuses later is told as an outcome. */
  request(frame: Frame, request: BrokerRequest): void
  /** Throws what the broker refuses at once; what it refuses later is told as an outcome. */
  settle(frame: Frame, effect: () => Settled, consequences?: Consequences): void
  /** After the recipient was full: there is room again. */
  ready(): void
}

/** Makes the effects of one session; the channel is told when there is room again. */
export function createEffects(recipient: Pick<Recipient, 'deliver'>, outcomes: Outcomes): Effects {
  return new SessionEffects(recipient, outcomes)
}

class SessionEffects implements Effects {
  readonly #recipient: Pick<Recipient, 'deliver'>
  readonly #outcomes: Outcomes
  channel: Pick<Channel, 'handle' | 'ready'> | undefined
  #isHolding = false
  #held: [Message, Delivery][] | undefined
  /** The recipient has said `full`, and will say when it is not any more. */
  isFull = false
  /** The broker was told `full` of a delivery that was held. */
  #hasHeldBack = false

  constructor(recipient: Pick<Recipient, 'deliver'>, outcomes: Outcomes) {
    this.#recipient = recipient
    this.#outcomes = outcomes
  }

  request(frame: Frame, request: BrokerRequest): void {
    this.#isHolding = true
    let settled: Settled
    try {
      settled = this.channel?.handle(request)
      if (settled === undefined) this.#outcomes.settled(frame)
    } finally {
      this.#release()
    }
    if (settled !== undefined) this.#tellLater(frame, settled)
  }

  settle(frame: Frame, effect: () => Settled, consequences?: Consequences): void {
    this.#isHolding = true
    let settled: Settled
    try {
      settled = effect()
      if (settled === undefined) this.#outcomes.settled(frame)
    } catch (error) {
      consequences?.undo?.()
      throw error
    } finally {
      this.#release()
    }
    if (settled === undefined) consequences?.next?.()
    else this.#tellLater(frame, settled, consequences)
  }

  deliver(message: Message, delivery: Delivery): Taken {
    if (!this.#isHolding) return this.#give(message, delivery)
    this.#held ??= []
    this.#held.push([message, delivery])
    if (this.#held.length < MAX_HELD && !this.isFull) return 'taken'
    this.#hasHeldBack = true
    return 'full'
  }

  refuse(error: StompError): void {
    this.#outcomes.failed(error)
  }

  ready(): void {
    this.isFull = false
    this.#hasHeldBack = false
    this.channel?.ready()
  }

  #give(message: Message, delivery: Delivery): Taken {
    const taken = this.#recipient.deliver(message, delivery)
    if (taken === 'full') this.isFull = true
    return taken
  }

  #tellLater(frame: Frame, settled: Promise<void>, consequences?: Consequences): void {
    settled.then(
      () => {
        this.#outcomes.settled(frame)
        consequences?.next?.()
      },
      (error) => {
        consequences?.undo?.()
        if (consequences?.refusedLater !== undefined) consequences.refusedLater(error)
        else this.#outcomes.refused(frame, error)
      },
    )
  }

  #release(): void {
    const held = this.#held
    this.#held = undefined
    this.#isHolding = false
    if (held === undefined) return
    for (const [message, delivery] of held) this.#give(message, delivery)
    // Where the recipient itself is full, it will say so when it is not any more.
    if (this.#hasHeldBack && !this.isFull) this.ready()
  }
}
