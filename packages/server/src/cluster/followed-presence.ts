import type { Presence, SessionPresence } from '../users/presence.js'
import type { SessionFacts } from '../users/presence-hooks.js'
import type { SessionSubscription } from '../users/users.js'

/** A session of this node, as other nodes are told of it. */
export interface FollowedSession {
  readonly userName: string | undefined
  /** By the keys under which they are known here. */
  readonly subscriptions: ReadonlyMap<object, SessionSubscription>
}

/** The sessions of this node and what they have subscribed to, by session id. */
export interface FollowedSessions {
  readonly sessions: ReadonlyMap<string, FollowedSession>
  /** Whoever is told of presence, is told of it as before. */
  follow(presence: Presence): Presence
}

/** Makes an empty list; `changed` is told of each session that comes, goes, or subscribes otherwise than before. */
export function createFollowedSessions(changed: (sessionId: string) => void): FollowedSessions {
  const sessions = new Map<string, FollowedSession>()
  return {
    sessions,
    follow: (presence) => ({
      isWanted: true,
      open: (session) => new FollowedPresence(session, presence, sessions, changed),
    }),
  }
}

class FollowedPresence implements SessionPresence {
  #session: SessionFacts
  readonly #presence: Presence
  readonly #sessions: Map<string, FollowedSession>
  readonly #changed: (sessionId: string) => void
  readonly #subscriptions = new Map<object, SessionSubscription>()
  readonly #followed: FollowedSession
  #told: SessionPresence | undefined

  constructor(
    session: SessionFacts,
    presence: Presence,
    sessions: Map<string, FollowedSession>,
    changed: (sessionId: string) => void,
  ) {
    this.#session = session
    this.#presence = presence
    this.#sessions = sessions
    this.#changed = changed
    this.#told = presence.open(session)
    this.#followed = { userName: session.user?.name, subscriptions: this.#subscriptions }
    sessions.set(session.sessionId, this.#followed)
    changed(session.sessionId)
  }

  renewed(user: NonNullable<SessionFacts['user']>): void {
    this.#session = { ...this.#session, user }
    this.#told?.renewed(user)
  }

  subscribed(key: object, subscription: SessionSubscription): void {
    this.#listener()?.subscribed(key, subscription)
    // What comes late, for a hook was slow, belongs to a session that is not there any more.
    if (this.#sessions.get(this.#session.sessionId) !== this.#followed) return
    this.#subscriptions.set(key, subscription)
    this.#changed(this.#session.sessionId)
  }

  unsubscribed(key: object): void {
    this.#listener()?.unsubscribed(key)
    if (this.#subscriptions.delete(key)) this.#changed(this.#session.sessionId)
  }

  left(): void {
    this.#told?.left()
    const { sessionId } = this.#session
    if (this.#sessions.get(sessionId) !== this.#followed) return
    this.#sessions.delete(sessionId)
    this.#changed(sessionId)
  }

  gone(code: number, reason: string): void {
    this.left()
    this.#told?.gone(code, reason)
  }

  /** Somebody may begin to look on while the session lives. */
  #listener(): SessionPresence | undefined {
    this.#told ??= this.#presence.open(this.#session)
    return this.#told
  }
}
