import type { User } from '../hooks/user.js'
import type { RouteCaller } from '../routes/routes.js'
import { createEndController } from './route-caller.js'

/**
 * The call of a subscription route by one subscription, as its handler sees the caller: the session, but with a signal
 * that is aborted at the UNSUBSCRIBE, too.
 */
export interface SubscriptionCall extends RouteCaller {
  /** The stream with which the route answers, while it is open. */
  stream: { end(): void } | undefined
  /** By UNSUBSCRIBE, or with its session. */
  readonly hasEnded: boolean
  /** Nobody waits for an answer any more: aborts the signal and ends the stream. Harmless when repeated. */
  end(): void
}

/** Makes one. */
export function createSubscriptionCall(session: RouteCaller): SubscriptionCall {
  return new OwnCall(session)
}

class OwnCall implements SubscriptionCall {
  stream: { end(): void } | undefined
  hasEnded = false
  readonly #session: RouteCaller
  #controller: AbortController | undefined
  readonly #sessionEnded = (): void => this.end()

  constructor(session: RouteCaller) {
    this.#session = session
  }

  get user(): User | undefined {
    return this.#session.user
  }

  get sessionId(): string {
    return this.#session.sessionId
  }

  // Most handlers never look at it.
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = createEndController()
      const { signal } = this.#session
      if (this.hasEnded || signal.aborted) this.#controller.abort()
      else signal.addEventListener('abort', this.#sessionEnded, { once: true })
    }
    return this.#controller.signal
  }

  end(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    if (this.#controller !== undefined) {
      this.#session.signal.removeEventListener('abort', this.#sessionEnded)
      this.#controller.abort()
    }
    this.stream?.end()
  }
}
