import { StompError } from '../errors.js'
import type { SessionSubscription } from '../users/users.js'
import type { SubscriptionCall } from './subscription-call.js'

/** One subscription of a session, as its dispatcher remembers it. */
export interface KnownSubscription {
  /** Unique in the session; what the broker is told. */
  readonly id: string
  readonly destination: string
  /** Who serves it: a subscription route (which may have answered) or the broker. */
  readonly kind: 'route' | 'broker'
  /** Of a route: the call that answers it. */
  call?: Pick<SubscriptionCall, 'stream' | 'end'>
}

/**
 * The subscriptions of one session. STOMP 1.1 and 1.2 name them by `id`; STOMP 1.0 may leave the id out and then means
 * the one at that destination. Both kinds of names are kept apart, so neither can stand for the other.
 */
export interface SubscriptionList {
  /** Throws STOMP_ERR_SUBSCRIPTION_EXISTS or STOMP_ERR_SUBSCRIPTION_LIMIT where `add` could not follow. */
  check(shownId: string | undefined, destination: string): void
  /** Remembers one; `check` it first. */
  add(shownId: string | undefined, destination: string, kind: KnownSubscription['kind']): KnownSubscription
  /** By id if there is one, else by destination among those without an id. */
  find(shownId: string | undefined, destination: string | undefined): KnownSubscription | undefined
  /** Whether this very one is still there; another may have taken its id since. */
  has(subscription: KnownSubscription): boolean
  /** Whether there is one at exactly this destination that the broker serves. Looks at all. */
  isServedByBroker(destination: string): boolean
  /**
   * Those that the broker or the stream of a route serves, as their client wrote them, in the order in which they began;
   * with a destination those at exactly this one. A copy.
   */
  listActive(destination?: string): readonly SessionSubscription[]
  /** Removes this very one. */
  remove(subscription: KnownSubscription): void
}

/** Makes an empty list for at most `maxSubscriptions`. */
export function createSubscriptionList(maxSubscriptions: number): SubscriptionList {
  return new SessionSubscriptions(maxSubscriptions)
}

class SessionSubscriptions implements SubscriptionList {
  readonly #maxSubscriptions: number
  readonly #known = new Map<string, KnownSubscription>()

  constructor(maxSubscriptions: number) {
    this.#maxSubscriptions = maxSubscriptions
  }

  check(shownId: string | undefined, destination: string): void {
    if (this.#known.has(idOf(shownId, destination))) {
      const name = shownId === undefined ? `at '${destination}' without an id` : `with the id '${shownId}'`
      throw new StompError('STOMP_ERR_SUBSCRIPTION_EXISTS', { message: `A subscription ${name} exists already` })
    }
    if (this.#known.size >= this.#maxSubscriptions) throw new StompError('STOMP_ERR_SUBSCRIPTION_LIMIT')
  }

  add(shownId: string | undefined, destination: string, kind: KnownSubscription['kind']): KnownSubscription {
    const id = idOf(shownId, destination)
    const subscription = { id, destination, kind }
    this.#known.set(id, subscription)
    return subscription
  }

  find(shownId: string | undefined, destination: string | undefined): KnownSubscription | undefined {
    return this.#known.get(idOf(shownId, destination))
  }

  has(subscription: KnownSubscription): boolean {
    return this.#known.get(subscription.id) === subscription
  }

  isServedByBroker(destination: string): boolean {
    for (const known of this.#known.values()) {
      if (known.kind === 'broker' && known.destination === destination) return true
    }
    return false
  }

  listActive(destination?: string): readonly SessionSubscription[] {
    const listed: SessionSubscription[] = []
    for (const known of this.#known.values()) {
      const isActive = known.kind === 'broker' || known.call?.stream !== undefined
      if (isActive && known.destination === (destination ?? known.destination)) listed.push(shown(known))
    }
    return listed
  }

  remove(subscription: KnownSubscription): void {
    if (this.has(subscription)) this.#known.delete(subscription.id)
  }
}

const SHOWN = 'id '

/** As its client wrote it. */
export function shown({ id, destination }: KnownSubscription): SessionSubscription {
  return { id: id.startsWith(SHOWN) ? id.slice(SHOWN.length) : undefined, destination }
}

function idOf(shownId: string | undefined, destination: string | undefined): string {
  return shownId === undefined ? `destination ${destination}` : `${SHOWN}${shownId}`
}
