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
  let isClosed = false
  const late = (frame: Frame, effect: () => void): void => {
    if (isClosed && frame.command !== 'SEND') return
    try {
      effect()
    } catch (error) {
      outcomes.refused(frame, error)
    }
  }
  return {
    whenAllowed(frame, hooks, request, effect) {
      gate.pass(hooks, request, {
        passed: effect,
        passedLater: () => late(frame, effect),
        refused: (error) => outcomes.refused(frame, error, 'STOMP_ERR_FORBIDDEN'),
      })
    },
    whenKnown(frame, pending, effect) {
      gate.hold(pending, {
        passedLater: (known) => late(frame, () => effect(known)),
        refused: (error) => outcomes.refused(frame, error),
      })
    },
    close() {
      isClosed = true
    },
  }
}

/** Hooks of the whole application, then those of a route. Most routes have none: then nothing is made for each frame. */
export function joined<H>(outer: readonly H[], inner: readonly H[]): readonly H[] {
  return inner.length === 0 ? outer : [...outer, ...inner]
}
