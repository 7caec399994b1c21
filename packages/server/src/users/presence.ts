import type { User } from '../hooks/user.js'
import type { Watch } from '../observe/events.js'
import type { PresenceHooks, SessionFacts } from './presence-hooks.js'
import type { SessionSubscription } from './users.js'

/**
 * Tells the application's hooks of one session what has happened to it. They run later than the call, in the order of the
 * calls, so that what they do finds the session in good order; what they throw is told to `failed`, and hurts nobody.
 */
export interface SessionPresence {
  /** The user of the session says something else than before, under the same name: what is told from now on names this. */
  renewed(user: User): void
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
  /** Whether somebody is told of anything now: hooks, which are there from the start, or listeners, who come and go. */
  readonly isWanted: boolean
  /** A session is connected, or was before anybody wanted to know. Undefined: nobody need be told of it. */
  open(session: SessionFacts): SessionPresence | undefined
}

/** What presence is told through. */
export interface PresenceParts {
  /** May grow until the application is ready. */
  readonly hooks: { readonly [Name in keyof PresenceHooks]: readonly PresenceHooks[Name][] }
  /** Who is told of subscriptions besides the hooks. @default nobody */
  readonly watch?: Watch | undefined
  /** A hook has failed. */
  readonly failed: (error: unknown, hook: keyof PresenceHooks, sessionId: string) => void
}

/** Makes the presence of an application. */
export function createPresence(parts: PresenceParts): Presence {
  /** How many sessions of each user were told of as connected, and not yet as gone. */
  const counts = new Map<string, number>()
  return {
    open(session) {
      return this.isWanted ? new ToldSession(session, parts, counts) : undefined
    },
    get isWanted() {
      if (parts.watch?.isOnSubscriptions === true) return true
      const { onConnected, onDisconnected, onSubscribed, onUnsubscribed } = parts.hooks
      return onConnected.length + onDisconnected.length + onSubscribed.length + onUnsubscribed.length > 0
    },
  }
}

class ToldSession implements SessionPresence {
  #session: SessionFacts
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

  renewed(user: User): void {
    this.#session = { ...this.#session, user }
  }

  subscribed(key: object, subscription: SessionSubscription): void {
    if (this.#hasLeft) return
    this.#subscriptions.set(key, subscription)
    this.#tell('onSubscribed', this.#parts.hooks.onSubscribed, { ...this.#session, ...subscription })
    this.#observe('subscribed', subscription)
  }

  unsubscribed(key: object): void {
    const subscription = this.#subscriptions.get(key)
    if (subscription === undefined) return
    this.#subscriptions.delete(key)
    this.#tell('onUnsubscribed', this.#parts.hooks.onUnsubscribed, { ...this.#session, ...subscription })
    this.#observe('unsubscribed', subscription)
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

  #observe(type: 'subscribed' | 'unsubscribed', { id, destination }: SessionSubscription): void {
    const { watch } = this.#parts
    if (watch?.isOnSubscriptions !== true) return
    watch.observe({ type, session: this.#session.sessionId, user: this.#name, id, destination })
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
