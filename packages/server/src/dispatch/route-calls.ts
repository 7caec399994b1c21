import type { Frame } from '@hoofbeat/codec'
import { originalOf, StompError } from '../errors.js'
import { createMessage } from '../message/message.js'
import type {
  Invocation,
  MessageMatch,
  PublicationStream,
  RouteCaller,
  RoutePublication,
  SubscriptionMatch,
} from '../routes/routes.js'
import { discardStream } from '../routes/value-stream.js'
import type { Authorization } from './authorization.js'
import type { DispatchCaller } from './dispatch-parts.js'
import type { Effects } from './effects.js'
import type { Handlers } from './handlers.js'
import { type Outcomes, readable } from './outcomes.js'
import type { Publications } from './publications.js'
import type { Recipient } from './recipient.js'
import { isListening, tellSoftly } from './soft-refusals.js'
import type { Streams } from './streams.js'
import type { KnownSubscription, SubscriptionList } from './subscription-list.js'

/** The route handlers that one session's frames call. They start in the order of these calls; what they give is published. */
export interface RouteCalls {
  /** Runs the handler of a frame, which is settled when what it gave was published. */
  settle(frame: Frame, match: MessageMatch, invocation: Invocation | Promise<Invocation>): void
  /** Runs a handler whose `frame` is settled already, in a transaction: a failure ends the session, unless it is told softly. */
  follow(frame: Frame, match: MessageMatch, invocation: Invocation): void
  /** The handler of a frame has failed, or could not be called: the error handler of its route is asked, if it has one. */
  fail(frame: Frame, match: Pick<MessageMatch, 'recover'>, thrown: unknown): void
  /** Runs a subscription route: one answer straight to this subscription, after its frame is settled. */
  answer(frame: Frame, match: SubscriptionMatch, subscription: KnownSubscription, shownId: string | undefined): void
}

/** What the calls of one session are made of. */
export interface RouteCallsParts {
  readonly caller: DispatchCaller
  /** The same, for handlers. */
  readonly routeCaller: RouteCaller
  readonly streams: Streams
  readonly authorization: Pick<Authorization, 'whenKnown'>
  readonly isOver: boolean
  mayTellSoftly(): boolean
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

  settle(frame: Frame, match: MessageMatch, invocation: Invocation | Promise<Invocation>): void {
    const { caller, handlers, effects, shared } = this.#parts
    // Where others run before, nobody looks at it for a while.
    if (invocation instanceof Promise) invocation.catch(() => {})
    handlers.run(async () => {
      try {
        const invoke = invocation instanceof Promise ? await invocation : invocation
        const given = await invoke()
        if (isStream(given)) {
          this.#checkStream(given)
          effects.settle(frame, () => undefined)
          // It runs on beside the handlers: those are counted until they have returned.
          this.#follow(frame, match, given)
          return
        }
        effects.settle(frame, () => shared.publications.publishAll(given, caller))
      } catch (error) {
        await this.#fail(frame, match, error)
      }
    })
  }

  follow(frame: Frame, match: MessageMatch, invocation: Invocation): void {
    const { caller, handlers, shared } = this.#parts
    handlers.run(async () => {
      try {
        const given = await invocation()
        if (!isStream(given)) return await shared.publications.publishAll(given, caller)
        this.#checkStream(given)
        this.#follow(frame, match, given)
      } catch (error) {
        await this.#failLate(frame, match, error)
      }
    })
  }

  fail(frame: Frame, match: Pick<MessageMatch, 'recover'>, thrown: unknown): void {
    const { authorization, outcomes } = this.#parts
    if (match.recover === undefined) return outcomes.refused(frame, thrown)
    // What follows must not overtake an ERROR.
    authorization.whenKnown(frame, this.#fail(frame, match, thrown), () => {})
  }

  answer(frame: Frame, match: SubscriptionMatch, subscription: KnownSubscription, shownId: string | undefined): void {
    const { routeCaller, recipient, handlers, outcomes, subscriptions, shared } = this.#parts
    handlers.run(async () => {
      try {
        const reply = await match.invoke(frame, routeCaller)
        outcomes.settled(frame)
        if (reply === undefined || !subscriptions.has(subscription)) return
        const { destination } = subscription
        const message = createMessage({ id: shared.nextMessageId(), destination, ...reply })
        recipient.deliver(message, { subscription: shownId })
      } catch (error) {
        subscriptions.remove(subscription)
        await this.#fail(frame, match, error)
      }
    })
  }

  /** Publishes what a stream gives, beside all else. */
  #follow(frame: Frame, match: MessageMatch, stream: PublicationStream): void {
    const { caller, streams, shared } = this.#parts
    streams
      .run(stream, (given) => shared.publications.publishAll(given, caller))
      .catch((error: unknown) => this.#failLate(frame, match, error))
  }

  #checkStream(stream: PublicationStream): void {
    const { caller, streams } = this.#parts
    try {
      if (caller.isPassing === true) {
        throw new StompError('STOMP_ERR_UNSUPPORTED', {
          message: 'This destination answers with a stream of messages',
          cure: 'A stream lives as long as the session that has asked for it: connect by WebSocket or the fallback.',
        })
      }
      streams.check()
    } catch (error) {
      discardStream(stream)
      throw error
    }
  }

  /** What failed has its receipt already: where nobody is told softly, the session ends. */
  async #failLate(frame: Frame, match: MessageMatch, thrown: unknown): Promise<void> {
    const { outcomes } = this.#parts
    if (this.#isOfTheEnd(thrown)) return
    try {
      const isTold = await this.#isTold(undefined, frame, match, thrown)
      if (isTold) outcomes.answered(undefined, thrown)
      else outcomes.failed(thrown)
    } catch (error) {
      outcomes.answered(undefined, thrown)
      outcomes.failed(error)
    }
  }

  /** A handler that has handed the signal on fails when the session ends: that is how it should be. */
  #isOfTheEnd(thrown: unknown): boolean {
    const original = originalOf(thrown)
    return this.#parts.isOver && original instanceof Error && original.name === 'AbortError'
  }

  async #fail(frame: Frame, match: Pick<MessageMatch, 'recover'>, thrown: unknown): Promise<void> {
    const { outcomes } = this.#parts
    if (this.#isOfTheEnd(thrown)) return outcomes.settled(frame)
    try {
      const isTold = await this.#isTold(frame, frame, match, thrown)
      if (isTold) outcomes.answered(frame, thrown)
      else outcomes.refused(frame, thrown)
    } catch (error) {
      // What the error handler throws is what the client is told; what it was asked about is for the log.
      if (originalOf(error) !== originalOf(thrown)) outcomes.answered(undefined, thrown)
      outcomes.refused(frame, error)
    }
  }

  /** Asks the error handler; what it gives is told where the session listens. `asking` is the frame that wants a receipt. */
  async #isTold(
    asking: Frame | undefined,
    frame: Frame,
    match: Pick<MessageMatch, 'recover'>,
    thrown: unknown,
  ): Promise<boolean> {
    if (match.recover === undefined) return false
    // What the broker refuses may name what clients must not know.
    const shown = thrown instanceof StompError ? readable(thrown) : thrown
    const reply = await match.recover(frame, this.#parts.routeCaller, shown)
    if (!isListening(this.#parts) || !this.#parts.mayTellSoftly()) return false
    if (reply !== undefined) await tellSoftly(this.#parts, asking, reply)
    return true
  }
}

function isStream(given: readonly RoutePublication[] | PublicationStream): given is PublicationStream {
  return Symbol.asyncIterator in given
}
