import { StompError } from '../errors.js'
import { runHooks } from '../hooks/hooks.js'
import type { ChangeListener } from './handlers.js'

/** What follows from what is waited for; exactly one of these is called, once. Neither may throw. */
export interface LateOutcome<T> {
  passedLater(known: T): void
  /** It was rejected, or did not come in time. */
  refused(error: unknown): void
}

/** What follows from a hook's answer; exactly one of these is called, once. */
export interface HookOutcome extends LateOutcome<void> {
  /** All hooks passed, within the call of `pass`. What it throws is the caller's. */
  passed(): void
  /** All hooks passed, later. Must not throw. */
  passedLater(): void
  /** A hook threw, at once or later, or gave no answer in time. Must not throw. */
  refused(error: unknown): void
}

/**
 * Where the frames of one session wait for their hooks: one at a time, so that none overtakes another. A hook that does
 * not answer in time has refused: it would hold the session for ever, even after its client is gone.
 */
export interface HookGate {
  /** True while a hook is pending; whoever asks hands over no further frame then. */
  readonly isPending: boolean
  /** Runs the hooks in their order, and then the outcome. */
  pass<R>(hooks: readonly ((request: R) => unknown)[], request: R, outcome: HookOutcome): void
  /** Waits for something else in the same way. */
  hold<T>(pending: Promise<T>, outcome: LateOutcome<T>): void
}

/** What the gates of all sessions share. */
export interface HookGateParts {
  /** Calls `run` once, after `delayMs`, unless it is cancelled. */
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
  readonly limits: { readonly hookTimeoutMs: number }
}

/** Makes the gate of one session. `listener` is told whenever `isPending` has changed. */
export function createHookGate(listener: ChangeListener, parts: HookGateParts): HookGate {
  return new SessionGate(listener, parts)
}

class SessionGate implements HookGate {
  readonly #listener: ChangeListener
  readonly #parts: HookGateParts
  isPending = false

  constructor(listener: ChangeListener, parts: HookGateParts) {
    this.#listener = listener
    this.#parts = parts
  }

  pass<R>(hooks: readonly ((request: R) => unknown)[], request: R, outcome: HookOutcome): void {
    if (hooks.length === 0) return outcome.passed()
    let pending: undefined | Promise<void>
    try {
      pending = runHooks(hooks, request)
    } catch (error) {
      return outcome.refused(error)
    }
    if (pending === undefined) outcome.passed()
    else this.hold(pending, outcome)
  }

  hold<T>(pending: Promise<T>, outcome: LateOutcome<T>): void {
    this.isPending = true
    this.#listener.changed()
    let isOver = false
    const finish = (then: () => void): void => {
      if (isOver) return
      isOver = true
      deadline.cancel()
      this.isPending = false
      then()
      this.#listener.changed()
    }
    const deadline = this.#parts.after(this.#parts.limits.hookTimeoutMs, () => {
      const message = 'Whether this is allowed was not decided in time'
      finish(() => outcome.refused(new StompError('STOMP_ERR_FORBIDDEN', { message })))
    })
    pending.then(
      (known) => finish(() => outcome.passedLater(known)),
      (error) => finish(() => outcome.refused(error)),
    )
  }
}
