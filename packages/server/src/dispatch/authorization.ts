import type { Frame } from '@hoofbeat/codec'
import type { HookGate } from './hook-gate.js'
import type { Outcomes } from './outcomes.js'

/** Lets the effects of one session's frames happen when their hooks have agreed, in the order of the frames. */
export interface Authorization {
  /**
   * Runs the hooks, then the effect, which may throw a refusal. While a hook is pending no later frame may overtake this
   * one. When the session is over meanwhile, only what it had sent still counts: there is nobody left to deliver to.
   */
  whenAllowed<R>(frame: Frame, hooks: readonly ((request: R) => unknown)[], request: R, effect: () => void): void
  /** What must be known before the next frame may be handled; then the effect. A rejection refuses the frame. */
  whenKnown<T>(frame: Frame, pending: Promise<T>, effect: (known: T) => void): void
  /** The session is over. */
  close(): void
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

  whenAllowed<R>(frame: Frame, hooks: readonly ((request: R) => unknown)[], request: R, effect: () => void): void {
    this.#gate.pass(hooks, request, {
      passed: effect,
      passedLater: () => this.#late(frame, effect),
      refused: (error) => this.#outcomes.refused(frame, error, 'STOMP_ERR_FORBIDDEN'),
    })
  }

  whenKnown<T>(frame: Frame, pending: Promise<T>, effect: (known: T) => void): void {
    this.#gate.hold(pending, {
      passedLater: (known) => this.#late(frame, () => effect(known)),
      refused: (error) => this.#outcomes.refused(frame, error),
    })
  }

  close(): void {
    this.#isClosed = true
  }

  #late(frame: Frame, effect: () => void): void {
    if (this.#isClosed && frame.command !== 'SEND') return
    try {
      effect()
    } catch (error) {
      this.#outcomes.refused(frame, error)
    }
  }
}

/** Hooks of the whole application, then those of a route. Most routes have none: then nothing is made for each frame. */
export function joined<H>(outer: readonly H[], inner: readonly H[]): readonly H[] {
  return inner.length === 0 ? outer : [...outer, ...inner]
}
