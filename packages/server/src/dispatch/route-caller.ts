import { setMaxListeners } from 'node:events'
import type { User } from '../hooks/user.js'
import type { RouteCaller, SessionOwner } from '../routes/routes.js'

/** A session as its route handlers see it, up to its end. */
export interface CallingSession extends RouteCaller {
  /** The session has ended. */
  end(): void
}

/** Makes it; to be made when the first route is called. */
export function createRouteCaller(owner: SessionOwner): CallingSession {
  return new SessionCaller(owner)
}

/** Aborts what handlers hand on to whatever they wait for. */
export function createEndController(): AbortController {
  const controller = new AbortController()
  // A listener for each handler that hands it on is no leak.
  setMaxListeners(0, controller.signal)
  return controller
}

class SessionCaller implements CallingSession {
  readonly #owner: SessionOwner
  #controller: AbortController | undefined
  #hasEnded = false

  constructor(owner: SessionOwner) {
    this.#owner = owner
  }

  /** As it is now: it may have been renewed. */
  get user(): User | undefined {
    return this.#owner.user
  }

  get sessionId(): string {
    return this.#owner.sessionId
  }

  // Most handlers never look at it.
  get signal(): AbortSignal {
    this.#controller ??= createEndController()
    if (this.#hasEnded) this.#controller.abort()
    return this.#controller.signal
  }

  end(): void {
    this.#hasEnded = true
    this.#controller?.abort()
  }
}
