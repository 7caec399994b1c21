import { StompError } from '../errors.js'
import type { ChangeListener } from './handlers.js'

/** What follows from what is waited for; exactly one of these is called, once. Neither may throw. */
export interface LateOutcome<T> {
  passedLater(known: T): void
  /** It was rejected, or did not come in time. */
  refused(error: unknown): void
}

/**
 * Where the frames of one session wait for their hooks: one at a time, so that none overtakes another. A hook that does
 * not answer in time has refused: it would hold the session for ever, even after its client is gone.
 */
export interface HookGate {
  /** True while something is waited for; whoever asks hands over no further frame then. */
  readonly isPending: boolean
  /** Waits, and then tells the outcome. `late` makes the refusal of what does not come. @default STOMP_ERR_FORBIDDEN */
  hold<T>(pending: Promise<T>, outcome: LateOutcome<T>, late?: () => StompError): void
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

  hold<T>(pending: Promise<T>, outcome: LateOutcome<T>, late: () => StompError = undecided): void {
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
      finish(() => outcome.refused(late()))
    })
    pending.then(
      (known) => finish(() => outcome.passedLater(known)),
      (error) => finish(() => outcome.refused(error)),
    )
  }
}

function undecided(): StompError {
  return new StompError('STOMP_ERR_FORBIDDEN', { message: 'Whether this is allowed was not decided in time' })
}
