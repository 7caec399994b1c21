import type { Frame } from '@hoofbeat/codec'
import { createMessage } from '../message/message.js'
import type { Invocation, RouteCaller, SubscriptionMatch } from '../routes/routes.js'
import type { Effects } from './effects.js'
import type { Handlers } from './handlers.js'
import type { Outcomes } from './outcomes.js'
import type { Publications } from './publications.js'
import type { Recipient } from './recipient.js'
import type { KnownSubscription, SubscriptionList } from './subscription-list.js'

/** The route handlers that one session's frames call. They start in the order of these calls; what they give is published. */
export interface RouteCalls {
  /** Runs the handler of a frame, which is settled when what it gave was published. */
  settle(frame: Frame, invocation: Invocation | Promise<Invocation>): void
  /** Runs a handler whose frame is settled already, in a transaction: a failure ends the session. */
  follow(invocation: Invocation): void
  /** Runs a subscription route: one answer straight to this subscription, after its frame is settled. */
  answer(frame: Frame, match: SubscriptionMatch, subscription: KnownSubscription, shownId: string | undefined): void
}

/** What the calls of one session are made of. */
export interface RouteCallsParts {
  readonly caller: RouteCaller
  readonly recipient: Pick<Recipient, 'deliver'>
  readonly handlers: Handlers
  readonly effects: Effects
  readonly outcomes: Outcomes
  readonly subscriptions: SubscriptionList
  readonly shared: { readonly publications: Publications; readonly nextMessageId: () => string }
}

/** Makes the calls of one session. */
export function createRouteCalls(parts: RouteCallsParts): RouteCalls {
  return new SessionRouteCalls(parts)
}

class SessionRouteCalls implements RouteCalls {
  readonly #parts: RouteCallsParts

  constructor(parts: RouteCallsParts) {
    this.#parts = parts
  }

  settle(frame: Frame, invocation: Invocation | Promise<Invocation>): void {
    const { caller, handlers, effects, outcomes, shared } = this.#parts
    // Where others run before, nobody looks at it for a while.
    if (invocation instanceof Promise) invocation.catch(() => {})
    handlers.run(async () => {
      try {
        const invoke = invocation instanceof Promise ? await invocation : invocation
        const given = await invoke()
        effects.settle(frame, () => shared.publications.publishAll(given, caller))
      } catch (error) {
        outcomes.refused(frame, error)
      }
    })
  }

  follow(invocation: Invocation): void {
    const { caller, handlers, outcomes, shared } = this.#parts
    handlers.run(async () => {
      try {
        await shared.publications.publishAll(await invocation(), caller)
      } catch (error) {
        outcomes.failed(error)
      }
    })
  }

  answer(frame: Frame, match: SubscriptionMatch, subscription: KnownSubscription, shownId: string | undefined): void {
    const { caller, recipient, handlers, outcomes, subscriptions, shared } = this.#parts
    handlers.run(async () => {
      try {
        const reply = await match.invoke(frame, caller)
        outcomes.settled(frame)
        if (reply === undefined || !subscriptions.has(subscription)) return
        const { destination } = subscription
        const message = createMessage({ id: shared.nextMessageId(), destination, ...reply })
        recipient.deliver(message, { subscription: shownId })
      } catch (error) {
        subscriptions.remove(subscription)
        outcomes.refused(frame, error)
      }
    })
  }
}
