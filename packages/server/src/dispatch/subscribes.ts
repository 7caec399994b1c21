import type { Frame } from '@hoofbeat/codec'
import type { Channel } from '../broker/broker.js'
import { refuseBeyondPlain } from '../broker/subscribe-headers.js'
import { isPattern } from '../destination/destination.js'
import { StompError } from '../errors.js'
import type { SessionPresence } from '../users/presence.js'
import { type Authorization, askHooks, joined } from './authorization.js'
import { DestinationRequest } from './authorize-request.js'
import type { DispatchCaller, DispatchParts } from './dispatch-parts.js'
import type { Effects } from './effects.js'
import type { Outcomes } from './outcomes.js'
import type { RouteCalls } from './route-calls.js'
import type { SessionDestinations } from './session-destinations.js'
import { isListening } from './soft-refusals.js'
import { type SubscriptionList, shown } from './subscription-list.js'

/** Takes the SUBSCRIBE and UNSUBSCRIBE frames of one session: to a subscription route or to the broker. */
export interface Subscribes {
  /** Throws a refusal that is plain at once. */
  subscribe(frame: Frame): void
  /** Throws a refusal that is plain at once. */
  unsubscribe(frame: Frame): void
}

/** What the subscriptions of one session go through. */
export interface SubscribesParts {
  readonly isOver: boolean
  mayTellSoftly(): boolean
  readonly shared: DispatchParts
  readonly caller: DispatchCaller
  readonly channel: Pick<Channel, 'handle'>
  readonly destinations: SessionDestinations
  readonly subscriptions: SubscriptionList
  readonly authorization: Authorization
  readonly effects: Effects
  readonly outcomes: Outcomes
  readonly calls: RouteCalls
  /** Undefined: nobody is told of what begins and ends. */
  readonly presence: SessionPresence | undefined
}

/** Makes the SUBSCRIBEs and UNSUBSCRIBEs of one session. */
export function createSubscribes(parts: SubscribesParts): Subscribes {
  return new SessionSubscribes(parts)
}

class SessionSubscribes implements Subscribes {
  readonly #parts: SubscribesParts

  constructor(parts: SubscribesParts) {
    this.#parts = parts
  }

  subscribe(frame: Frame): void {
    const { shared, destinations } = this.#parts
    const destination = frame.headers.get('destination') ?? ''
    const segments = destinations.segments(destination)
    const { syntax, applicationPrefix } = shared
    if (syntax.isBelow(destination, applicationPrefix)) return this.#toRoute(frame, destination, segments)
    this.#toBroker(frame, destination, segments)
  }

  unsubscribe(frame: Frame): void {
    const { channel, subscriptions, effects, outcomes, presence } = this.#parts
    const { headers } = frame
    const shownId = headers.get('id')
    const found = subscriptions.find(shownId, headers.get('destination'))
    // A durable subscription may be ended while nobody uses it.
    if (found === undefined && headers.get('durable') !== 'true') {
      // Whoever listens has been told softly that there is none.
      if (isListening(this.#parts)) return outcomes.settled(frame)
      throw new StompError('STOMP_ERR_SUBSCRIPTION_UNKNOWN')
    }
    if (found !== undefined) subscriptions.remove(found)
    if (found?.kind === 'route') {
      found.call?.end()
      presence?.unsubscribed(found)
      return outcomes.settled(frame)
    }
    const id = found?.id ?? ''
    const request = { command: 'UNSUBSCRIBE', id, shownId, headers } as const
    if (presence === undefined || found === undefined) return effects.request(frame, request)
    effects.settle(frame, () => channel.handle(request), { next: () => presence.unsubscribed(found) })
  }

  #toRoute(frame: Frame, destination: string, segments: readonly string[]): void {
    const { shared, subscriptions, calls } = this.#parts
    const { syntax, applicationPrefix, routes, hooks } = shared
    const match = routes.findSubscription(syntax.rest(destination, applicationPrefix))
    if (match === undefined || isPattern(segments)) {
      throw new StompError('STOMP_ERR_ROUTE_UNKNOWN', { message: `No subscription route matches '${destination}'` })
    }
    refuseBeyondPlain(frame.headers)
    const shownId = frame.headers.get('id')
    subscriptions.check(shownId, destination)
    this.#whenAllowed(frame, destination, joined(hooks.authorizeSubscribe, match.hooks), () =>
      calls.answer(match, { frame, subscription: subscriptions.add(shownId, destination, 'route'), shownId }),
    )
  }

  #toBroker(frame: Frame, destination: string, segments: readonly string[]): void {
    const { shared, channel, destinations, subscriptions, effects, presence } = this.#parts
    const { headers } = frame
    const inner = destinations.inner(destination, segments)
    if (inner === undefined) this.#checkRules(destination, segments)
    const shownId = headers.get('id')
    subscriptions.check(shownId, destination)
    this.#whenAllowed(frame, destination, shared.hooks.authorizeSubscribe, () => {
      const subscription = subscriptions.add(shownId, destination, 'broker')
      const { id } = subscription
      const shownDestination = inner === undefined ? undefined : destination
      const meant = inner ?? destination
      const undo = (): void => subscriptions.remove(subscription)
      effects.settle(
        frame,
        () => channel.handle({ command: 'SUBSCRIBE', id, shownId, destination: meant, shownDestination, headers }),
        presence ? { undo, next: () => presence.subscribed(subscription, shown(subscription)) } : { undo },
      )
    })
  }

  #checkRules(destination: string, segments: readonly string[]): void {
    const { caller, shared } = this.#parts
    const { broker, rules } = shared
    if (isPattern(segments) && !broker.capabilities.wildcards) {
      throw new StompError('STOMP_ERR_UNSUPPORTED', { message: 'This broker has no wildcard subscriptions' })
    }
    if (rules.maySubscribe(segments, caller.user, broker.isQueue(destination))) return
    throw new StompError('STOMP_ERR_FORBIDDEN', { message: `Clients may not SUBSCRIBE to '${destination}'` })
  }

  #whenAllowed(
    frame: Frame,
    destination: string,
    hooks: DispatchParts['hooks']['authorizeSubscribe'],
    effect: () => void,
  ): void {
    const { authorization, caller, shared } = this.#parts
    const request = new DestinationRequest(destination, frame.headers, caller, shared.syntax)
    const pending = askHooks(hooks, request)
    if (pending === undefined) effect()
    else authorization.whenAllowed(frame, pending, effect)
  }
}
