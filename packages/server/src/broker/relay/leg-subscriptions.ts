import type { Frame } from '@hoofbeat/codec'
import { StompError } from '../../errors.js'
import type { LegSubscriber } from './leg.js'
import { type BoundRequest, Outcome } from './leg-request.js'
import type { HeaderLine } from './profile.js'

/** The subscriptions of a leg, which last over its connections. */
export class LegSubscriptions {
  /** How many the broker serves on the present connection. */
  liveCount = 0
  readonly #held = new Map<string, HeldSubscription>()
  /** Those whose UNSUBSCRIBE is on the way: until its RECEIPT the broker delivers. */
  readonly #ending = new Map<string, HeldSubscription>()
  #lastId = 0

  /** All that are to be there, in the order in which they began. */
  all(): readonly HeldSubscription[] {
    return [...this.#held.values()]
  }

  has(subscription: HeldSubscription): boolean {
    return this.#held.has(subscription.id)
  }

  add(headers: readonly HeaderLine[], subscriber: LegSubscriber): HeldSubscription {
    const subscription = new HeldSubscription(`s${++this.#lastId}`, headers, subscriber)
    this.#held.set(subscription.id, subscription)
    return subscription
  }

  /** Something came for one of them. Dropped if nobody has it any more. */
  deliver(frame: Frame, connection: number): void {
    const id = frame.headers.get('subscription') ?? ''
    const subscription = this.#held.get(id) ?? this.#ending.get(id)
    if (subscription === undefined) return
    subscription.hasDelivered = true
    subscription.subscriber.deliver(frame, connection)
  }

  /** The broker serves it now. `unheardMs`: since it was last heard that it did. */
  began(subscription: HeldSubscription, unheardMs: (last: Heard) => number): void {
    if (!this.has(subscription)) return
    subscription.isLive = true
    this.liveCount++
    if (!subscription.hasSettled) subscription.settle()
    else {
      const { lastHeard } = subscription
      subscription.lastHeard = undefined
      subscription.subscriber.restored(lastHeard === undefined ? Number.POSITIVE_INFINITY : unheardMs(lastHeard))
    }
  }

  /** The broker does not serve it, and is not asked again. */
  refused(subscription: HeldSubscription, error: StompError): void {
    if (!this.has(subscription)) return
    this.#held.delete(subscription.id)
    if (!subscription.hasSettled) subscription.settle(error)
    else subscription.subscriber.refused(error)
  }

  /** Nobody wants it any more. True: the broker is to be told. */
  end(subscription: HeldSubscription): boolean {
    const { id, request, isLive } = subscription
    if (!this.#held.delete(id)) return false
    if (isLive) this.liveCount--
    if (!subscription.hasSettled) subscription.settle()
    if (request === undefined) return false
    request.isVoid = true
    if (!request.isOut) return false
    this.#ending.set(id, subscription)
    return true
  }

  /** The broker has ended it. */
  ended({ id }: HeldSubscription): void {
    this.#ending.delete(id)
  }

  /** The connection is lost. `last`: when it was heard. */
  lost(last: Heard): void {
    this.liveCount = 0
    this.#ending.clear()
    for (const subscription of this.all()) {
      // A broker may deliver before it sends the RECEIPT.
      const isConcerned = subscription.isLive || subscription.hasDelivered
      // One that was not restored since the loss before has been away since then.
      if (subscription.isLive) subscription.lastHeard = last
      subscription.isLive = false
      subscription.hasDelivered = false
      subscription.request = undefined
      if (isConcerned) subscription.subscriber.lost()
    }
  }

  /** The leg ends: nothing is delivered any more. */
  close(): void {
    for (const subscription of this.all()) {
      if (!subscription.hasSettled) subscription.settle(new StompError('STOMP_ERR_CLOSING'))
    }
    this.liveCount = 0
    this.#held.clear()
    this.#ending.clear()
  }
}

/** When something was heard: by a clock that never jumps, and by one that goes on while the process stands still. */
export interface Heard {
  readonly clockMs: number
  readonly epochMs: number
}

/** One of them. */
export class HeldSubscription {
  readonly id: string
  /** Of the SUBSCRIBE, its `id` first. */
  readonly headers: readonly HeaderLine[]
  readonly subscriber: LegSubscriber
  /** Its SUBSCRIBE on the present connection. */
  request: BoundRequest | undefined
  /** Whether the broker serves it on the present connection. */
  isLive = false
  /** Whether something was delivered on the present connection. */
  hasDelivered = false
  hasSettled = false
  /** When the broker served it last, for sure; undefined: it does now, or never did. */
  lastHeard: Heard | undefined
  readonly #outcome = new Outcome()

  constructor(id: string, headers: readonly HeaderLine[], subscriber: LegSubscriber) {
    this.id = id
    this.headers = [['id', id], ...headers]
    this.subscriber = subscriber
  }

  get settled(): Promise<void> {
    return this.#outcome.settled
  }

  settle(error?: StompError): void {
    this.hasSettled = true
    if (error === undefined) this.#outcome.resolve()
    else this.#outcome.reject(error)
  }
}
