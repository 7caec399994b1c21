import type { PresenceHooks, SessionFacts } from './presence-hooks.js'
import type { SessionSubscription } from './users.js'

/**
 * Tells the application's hooks of one session what has happened to it. They run later than the call, in the order of the
 * calls, so that what they do finds the session in good order; what they throw is told to `failed`, and hurts nobody.
 */
export interface SessionPresence {
  /** `key` is what `unsubscribed` will be given. */
  subscribed(key: object, subscription: SessionSubscription): void
  /** Harmless for what was not subscribed, or is not any more. */
  unsubscribed(key: object): void
  /** The session takes part in nothing any more: whatever is still subscribed ends. */
  left(): void
  /** The connection is gone: the last call. Harmless when repeated. */
  gone(code: number, reason: string): void
}

/** The presence of all sessions of an application. */
export interface Presence {
  /** A session is connected. Undefined: there is no hook, so nobody need be told of it. */
  open(session: SessionFacts): SessionPresence | undefined
}

/** What presence is told through. */
export interface PresenceParts {
  /** May grow until the application is ready. */
  readonly hooks: { readonly [Name in keyof PresenceHooks]: readonly PresenceHooks[Name][] }
  /** A hook has failed. */
  readonly failed: (error: unknown, hook: keyof PresenceHooks, sessionId: string) => void
}

/** Makes the presence of an application. */
export function createPresence(parts: PresenceParts): Presence {
  /** How many sessions of each user were told of as connected, and not yet as gone. */
  const counts = new Map<string, number>()
  return {
    open(session) {
      const { onConnected, onDisconnected, onSubscribed, onUnsubscribed } = parts.hooks
      const count = onConnected.length + onDisconnected.length + onSubscribed.length + onUnsubscribed.length
      return count === 0 ? undefined : new ToldSession(session, parts, counts)
    },
  }
}

class ToldSession implements SessionPresence {
  readonly #session: SessionFacts
  readonly #parts: PresenceParts
  readonly #counts: Map<string, number>
  /** Looked at once: what is counted under a name must be taken from it. */
  readonly #name: string | undefined
  readonly #subscriptions = new Map<object, SessionSubscription>()
  #hasLeft = false
  #isGone = false

  constructor(session: SessionFacts, parts: PresenceParts, counts: Map<string, number>) {
    const { sessionId, user, transport } = session
    this.#session = { sessionId, user, transport }
    this.#parts = parts
    this.#counts = counts
    this.#name = user?.name
    this.#tell('onConnected', parts.hooks.onConnected, { ...this.#session, isFirst: this.#count(1) === 1 })
  }

  subscribed(key: object, subscription: SessionSubscription): void {
    if (this.#hasLeft) return
    this.#subscriptions.set(key, subscription)
    this.#tell('onSubscribed', this.#parts.hooks.onSubscribed, { ...this.#session, ...subscription })
  }

  unsubscribed(key: object): void {
    const subscription = this.#subscriptions.get(key)
    if (subscription === undefined) return
    this.#subscriptions.delete(key)
    this.#tell('onUnsubscribed', this.#parts.hooks.onUnsubscribed, { ...this.#session, ...subscription })
  }

  left(): void {
    this.#hasLeft = true
    for (const key of this.#subscriptions.keys()) this.unsubscribed(key)
  }

  gone(code: number, reason: string): void {
    if (this.#isGone) return
    this.#isGone = true
    this.left()
    const event = { ...this.#session, code, reason, isLast: this.#count(-1) === 0 }
    this.#tell('onDisconnected', this.#parts.hooks.onDisconnected, event)
  }

  /** How many sessions the user has then; undefined for an anonymous one. */
  #count(change: number): number | undefined {
    const name = this.#name
    if (name === undefined) return undefined
    const count = (this.#counts.get(name) ?? 0) + change
    if (count === 0) this.#counts.delete(name)
    else this.#counts.set(name, count)
    return count
  }

  #tell<E>(name: keyof PresenceHooks, hooks: readonly ((event: E) => unknown)[], event: E): void {
    const failed = (error: unknown): void => this.#parts.failed(error, name, this.#session.sessionId)
    for (const hook of hooks) {
      queueMicrotask(async () => {
        try {
          await hook(event)
        } catch (error) {
          failed(error)
        }
      })
    }
  }
}
