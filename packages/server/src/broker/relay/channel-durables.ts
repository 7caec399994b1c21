import { StompError } from '../../errors.js'
import type { ChannelOwner, Settled, UnsubscribeRequest } from '../broker.js'
import { durableName } from '../embedded/durable-subscriptions.js'
import type { DurableHold, Durables } from './durables.js'
import { NO_DURABLE, NO_DURABLE_QUEUE } from './not-offered.js'
import type { OwnSubscription } from './own-subscription.js'
import type { BrokerProfile } from './profile.js'

/** What the durable subscriptions of a channel go by. */
export interface ChannelDurablesParts {
  readonly profile: Pick<BrokerProfile, 'capabilities'>
  readonly durables: Durables
}

/** The durable subscriptions of one channel: what they are called, and which of them it holds. */
export class ChannelDurables {
  readonly #owner: ChannelOwner
  readonly #parts: ChannelDurablesParts
  readonly #held = new Map<object, DurableHold>()

  constructor(owner: ChannelOwner, parts: ChannelDurablesParts) {
    this.#owner = owner
    this.#parts = parts
  }

  /** The name of one that a SUBSCRIBE asks for. Throws where there can be none. */
  nameOf(clientId: string | undefined, id: string | undefined, isQueue: boolean): string {
    if (isQueue) throw new StompError('STOMP_ERR_UNSUPPORTED', NO_DURABLE_QUEUE)
    if (!this.#isOffered) throw new StompError('STOMP_ERR_UNSUPPORTED', NO_DURABLE)
    return durableName(this.#owner, clientId, id)
  }

  /** Takes one, to be noted or given up. Throws STOMP_ERR_SUBSCRIPTION_EXISTS. */
  hold(name: string): DurableHold {
    return this.#parts.durables.hold(name, this.#owner.credentials)
  }

  /** Notes what holds it. */
  note(subscription: OwnSubscription, hold: DurableHold): void {
    this.#held.set(subscription, hold)
  }

  /** True until it has ended. */
  has(subscription: OwnSubscription): boolean {
    return this.#held.has(subscription)
  }

  /** A subscription has ended, `ended` says when; one that is durable is given up. `isForGood`: and forgotten. */
  end(subscription: object, ended: Settled, isForGood: boolean): Settled {
    const hold = this.#held.get(subscription)
    if (hold === undefined) return ended
    this.#held.delete(subscription)
    return hold.giveUp(ended, isForGood)
  }

  /** Ends one for good that this channel does not hold. Throws or rejects where there is none, or another holds it. */
  forget({ headers, shownId }: UnsubscribeRequest): Settled {
    if (headers.get('durable') !== 'true' || !this.#isOffered) throw new StompError('STOMP_ERR_SUBSCRIPTION_UNKNOWN')
    const name = durableName(this.#owner, headers.get('client-id'), shownId)
    return this.#parts.durables.forget(name, this.#owner.credentials)
  }

  get #isOffered(): boolean {
    return this.#parts.profile.capabilities.durableSubscriptions
  }
}
