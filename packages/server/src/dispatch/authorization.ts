import type { Frame } from '@hoofbeat/codec'
import { type StompError, type StompErrorCode, toStompError } from '../errors.js'
import { runHooks } from '../hooks/hooks.js'
import type { HookGate, LateOutcome } from './hook-gate.js'
import type { Outcomes } from './outcomes.js'

/**
 * Lets the effects of one session's frames happen when their hooks have agreed, in the order of the frames. Most hooks
 * agree at once: see {@link askHooks}. While one is pending no later frame may overtake this one. When the session is
 * over meanwhile, only what it had sent still counts: there is nobody left to deliver to.
 */
export interface Authorization {
  /** The effect, which may throw a refusal, once the hooks have agreed. */
  whenAllowed(frame: Frame, pending: Promise<void>, effect: () => void): void
  /**
   * What must be known before the next frame may be handled; then the effect. A rejection refuses the frame, and so does
   * `late` if it is not known in time.
   */
  whenKnown<T>(frame: Frame, pending: Promise<T>, effect: (known: T) => void, late?: () => StompError): void
  /** The session is over. */
  close(): void
}

/**
 * Asks hooks in their order. Undefined: all have agreed. A promise: one takes its time, to be handed to `whenAllowed`.
 * Throws the refusal of one that refuses at once.
 */
export function askHooks<R>(hooks: readonly ((request: R) => unknown)[], request: R): undefined | Promise<void> {
  try {
    return runHooks(hooks, request)
  } catch (error) {
    throw toStompError(error, 'STOMP_ERR_FORBIDDEN')
  }
}

/** Makes the authorization of one session. */
export function createAuthorization(gate: HookGate, outcomes: Outcomes): Authorization {
  return new SessionAuthorization(gate, outcomes)
}

class SessionAuthorization implements Authorization {
  readonly #gate: HookGate
  readonly #outcomes: Outcomes
  #isClosed = false

  constructor(gate: HookGate, outcomes: Outcomes) {
    this.#gate = gate
    this.#outcomes = outcomes
  }

  whenAllowed(frame: Frame, pending: Promise<void>, effect: () => void): void {
    this.#hold(frame, pending, effect, 'STOMP_ERR_FORBIDDEN')
  }

  whenKnown<T>(frame: Frame, pending: Promise<T>, effect: (known: T) => void, late?: () => StompError): void {
    this.#hold(frame, pending, effect, undefined, late)
  }

  close(): void {
    this.#isClosed = true
  }

  #hold<T>(
    frame: Frame,
    pending: Promise<T>,
    effect: (known: T) => void,
    fallback?: StompErrorCode,
    late?: () => StompError,
  ): void {
    const outcome: LateOutcome<T> = {
      passedLater: (known) => {
        if (this.#isClosed && frame.command !== 'SEND') return
        try {
          effect(known)
        } catch (error) {
          this.#outcomes.refused(frame, error)
        }
      },
      refused: (error) => this.#outcomes.refused(frame, error, fallback),
    }
    this.#gate.hold(pending, outcome, late)
  }
}

/** Hooks of the whole application, then those of a route. Most routes have none: then nothing is made for each frame. */
export function joined<H>(outer: readonly H[], inner: readonly H[]): readonly H[] {
  return inner.length === 0 ? outer : [...outer, ...inner]
}
