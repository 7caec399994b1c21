import type { Presence, SessionPresence } from '../users/presence.js'
import type { SessionFacts } from '../users/presence-hooks.js'
import type { SessionSubscription } from '../users/users.js'
import { FollowedSession } from './followed-session.js'

/** The sessions of this node and what they have subscribed to, by session id. */
export interface FollowedSessions {
  readonly sessions: ReadonlyMap<string, FollowedSession>
  /** Whoever is told of presence, is told of it as before. */
  follow(presence: Presence): Presence
}

/** A part of a session is not as before. */
export type SessionChange = (sessionId: string, part: number) => void

/** Makes an empty list; `changed` is told of each session that comes, goes, or subscribes otherwise than before. */
export function createFollowedSessions(now: () => number, changed: SessionChange): FollowedSessions {
  const sessions = new Map<string, FollowedSession>()
  return {
    sessions,
    follow: (presence) => ({
      isWanted: true,
      open: (session) => new FollowedPresence(session, presence, sessions, now(), changed),
    }),
  }
}

class FollowedPresence implements SessionPresence {
  #session: SessionFacts
  readonly #presence: Presence
  readonly #sessions: Map<string, FollowedSession>
  readonly #changed: SessionChange
  readonly #followed: FollowedSession
  #told: SessionPresence | undefined

  constructor(
    session: SessionFacts,
    presence: Presence,
    sessions: Map<string, FollowedSession>,
    nowMs: number,
    changed: SessionChange,
  ) {
    this.#session = session
    this.#presence = presence
    this.#sessions = sessions
    this.#changed = changed
    this.#told = presence.open(session)
    this.#followed = new FollowedSession(session.user?.name, nowMs)
    sessions.set(session.sessionId, this.#followed)
    changed(session.sessionId, 0)
  }

  renewed(user: NonNullable<SessionFacts['user']>): void {
    this.#session = { ...this.#session, user }
    this.#told?.renewed(user)
  }

  subscribed(key: object, subscription: SessionSubscription): void {
    this.#listener()?.subscribed(key, subscription)
    // What comes late, for a hook was slow, belongs to a session that is not there any more.
    if (this.#sessions.get(this.#session.sessionId) !== this.#followed) return
    this.#changed(this.#session.sessionId, this.#followed.add(key, subscription))
  }

  unsubscribed(key: object): void {
    this.#listener()?.unsubscribed(key)
    const part = this.#followed.delete(key)
    if (part !== undefined) this.#changed(this.#session.sessionId, part)
  }

  left(): void {
    this.#told?.left()
    const { sessionId } = this.#session
    if (this.#sessions.get(sessionId) !== this.#followed) return
    this.#sessions.delete(sessionId)
    for (const part of this.#followed.parts) this.#changed(sessionId, part)
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
