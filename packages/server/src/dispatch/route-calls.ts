import type { Frame } from '@hoofbeat/codec'
import { StompError, toStompError } from '../errors.js'
import type {
  Invocation,
  MessageMatch,
  PublicationStream,
  RoutePublication,
  SubscriptionMatch,
} from '../routes/routes.js'
import { discardStream, isAsyncIterable } from '../routes/value-stream.js'
import type { Authorization } from './authorization.js'
import type { DispatchCaller } from './dispatch-parts.js'
import type { Effects } from './effects.js'
import { headOf } from './kept-frame.js'
import { type Asked, answerSubscription, type RouteAnswersParts } from './route-answers.js'
import { isOfTheEnd, judge, tellFailure, tellVerdict, type Verdict } from './route-failures.js'
import type { OpenStream } from './streams.js'

/** The route handlers that one session's frames call. They start in the order of these calls; what they give is published. */
export interface RouteCalls {
  /** Runs the handler of a frame, which is settled when what it gave was published. */
  settle(frame: Frame, match: MessageMatch, invocation: Invocation | Promise<Invocation>): void
  /** Runs a handler whose `frame` is settled already, in a transaction: a failure ends the session, unless it is told softly. */
  follow(frame: Frame, match: MessageMatch, invocation: Invocation): void
  /** The handler of a frame could not be called: the error handler of its route is asked, if it has one. */
  fail(frame: Frame, match: Pick<MessageMatch, 'recover'>, thrown: unknown): void
  /** Runs a subscription route: what it answers goes straight to this subscription, after its frame is settled. */
  answer(match: SubscriptionMatch, asked: Asked): void
}

/** What the calls of one session are made of. */
export interface RouteCallsParts extends RouteAnswersParts {
  readonly caller: DispatchCaller
  readonly authorization: Pick<Authorization, 'whenKnown'>
  readonly effects: Effects
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
        if (isAsyncIterable(given)) {
          const stream = this.#open(given)
          effects.settle(frame, () => undefined)
          // It runs on beside the handlers: those are counted until they have returned.
          return this.#publish(headOf(frame), match, stream)
        }
        const refusedLater = match.recover && ((error: unknown) => void this.#fail(frame, match, error))
        effects.settle(
          frame,
          () => shared.publications.publishAll(given, caller),
          refusedLater === undefined ? undefined : { refusedLater },
        )
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
        if (isAsyncIterable(given)) this.#publish(frame, match, this.#open(given))
        else await shared.publications.publishAll(given, caller)
      } catch (error) {
        await this.#failLate(frame, match, error)
      }
    })
  }

  fail(frame: Frame, match: Pick<MessageMatch, 'recover'>, thrown: unknown): void {
    const { authorization, outcomes } = this.#parts
    if (match.recover === undefined) return outcomes.refused(frame, thrown)
    const failure = { frame, isSettled: false, match, thrown }
    const tell = (verdict: Verdict): void => void tellVerdict(this.#parts, failure, verdict)
    const late = (): StompError => toStompError(thrown, 'STOMP_ERR_HANDLER_FAILED')
    // What follows must not overtake an ERROR.
    authorization.whenKnown(frame, judge(this.#parts, failure), tell, late)
  }

  answer(match: SubscriptionMatch, asked: Asked): void {
    answerSubscription(this.#parts, match, asked)
  }

  /** Publishes what a stream gives, beside all else. `frame` is remembered as long: of what was received, its head alone. */
  #publish(frame: Frame, match: MessageMatch, stream: OpenStream<readonly RoutePublication[]>): void {
    const { caller, shared } = this.#parts
    stream
      .run((given) => shared.publications.publishAll(given, caller))
      .catch((error: unknown) => this.#failLate(frame, match, error))
  }

  #open(stream: PublicationStream): OpenStream<readonly RoutePublication[]> {
    const { caller, streams } = this.#parts
    if (caller.isPassing !== true) return streams.open(stream)
    discardStream(stream)
    throw new StompError('STOMP_ERR_UNSUPPORTED', {
      message: 'This destination answers with a stream of messages',
      cure: 'A stream lives as long as the session that has asked for it: connect by WebSocket or the fallback.',
    })
  }

  /** What failed has its receipt already: where nobody is told softly, the session ends. */
  async #failLate(frame: Frame, match: MessageMatch, thrown: unknown): Promise<void> {
    if (isOfTheEnd(this.#parts, thrown)) return
    await tellFailure(this.#parts, { frame, isSettled: true, match, thrown })
  }

  async #fail(frame: Frame, match: MessageMatch, thrown: unknown): Promise<void> {
    if (isOfTheEnd(this.#parts, thrown)) return this.#parts.outcomes.settled(frame)
    await tellFailure(this.#parts, { frame, isSettled: false, match, thrown })
  }
}
