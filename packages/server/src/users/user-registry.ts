import type { User } from '../hooks/user.js'

/** A session that is connected. */
export interface Member {
  /** Unique among the sessions that are there. */
  readonly sessionId: string
  /** Undefined for an anonymous session. Its name is looked at once, when the session is added. */
  readonly user: User | undefined
}

/** One session of a user. */
export interface UserSession {
  readonly id: string
  /** As `authenticate` gave it for this session: two sessions of one name may differ in what else it says. */
  readonly user: User
}

/** A user that is connected, as it was when it was asked for: what changes later does not show. */
export interface RegisteredUser {
  readonly name: string
  /** In the order in which they connected; at least one. */
  readonly sessions: readonly UserSession[]
}

/**
 * Who is connected to this process. Sessions with the same user name are one user; a user is there from its first
 * session to its last. Names are compared character by character.
 */
export interface Users {
  /** How many different users are connected. Anonymous sessions are none. */
  readonly size: number
  /** How many sessions are connected, anonymous ones too. */
  readonly sessionCount: number
  get(name: string): RegisteredUser | undefined
  /** In the order in which they came. Users who come or go during the iteration are seen as they are when it gets there. */
  [Symbol.iterator](): IterableIterator<RegisteredUser>
}

/** The sessions of one process by user: fed by those who open and close them, asked where user destinations lead. */
export interface UserRegistry {
  /** What applications see of it. */
  readonly users: Users
  /** Takes a session in. Throws if the id is there already. */
  add(member: Member): void
  /** Removes this very member. Harmless when it is not there, or another one has its id since. */
  remove(member: Member): void
  /** The sessions of a user in the order in which they connected; none if there is no such user. A copy. */
  sessionIds(userName: string): readonly string[]
  /** True if the session is connected. */
  has(sessionId: string): boolean
}

/** Makes an empty registry. Adding, removing and looking up cost the same however many users are connected. */
export function createUserRegistry(): UserRegistry {
  return new SessionsByUser()
}

interface Entry {
  readonly name: string
  readonly sessions: Map<string, UserSession>
  /** Made when first asked for after a change, so that a message to a user costs no copy. */
  snapshot: { readonly user: RegisteredUser; readonly sessionIds: readonly string[] } | undefined
}

const NOBODY: readonly string[] = Object.freeze([])

class SessionsByUser implements UserRegistry {
  readonly #entries = new Map<string, Entry>()
  /** By session; with each the user that it was entered under. */
  readonly #members = new Map<string, { readonly member: Member; readonly entry: Entry | undefined }>()
  readonly users: Users = new ConnectedUsers(this.#entries, this.#members)

  add(member: Member): void {
    const { sessionId, user } = member
    if (this.#members.has(sessionId)) throw new Error(`the session '${sessionId}' is registered already`)
    this.#members.set(sessionId, { member, entry: user && this.#enter(user.name, { id: sessionId, user }) })
  }

  remove(member: Member): void {
    const { sessionId } = member
    const known = this.#members.get(sessionId)
    if (known?.member !== member) return
    this.#members.delete(sessionId)
    if (known.entry !== undefined) this.#leave(known.entry, sessionId)
  }

  sessionIds(userName: string): readonly string[] {
    const entry = this.#entries.get(userName)
    return entry === undefined ? NOBODY : snapshotOf(entry).sessionIds
  }

  has(sessionId: string): boolean {
    return this.#members.has(sessionId)
  }

  #enter(name: string, session: UserSession): Entry {
    let entry = this.#entries.get(name)
    if (entry === undefined) {
      entry = { name, sessions: new Map(), snapshot: undefined }
      this.#entries.set(name, entry)
    }
    entry.sessions.set(session.id, Object.freeze(session))
    entry.snapshot = undefined
    return entry
  }

  #leave(entry: Entry, sessionId: string): void {
    entry.sessions.delete(sessionId)
    entry.snapshot = undefined
    if (entry.sessions.size === 0) this.#entries.delete(entry.name)
  }
}

class ConnectedUsers implements Users {
  readonly #entries: ReadonlyMap<string, Entry>
  readonly #members: ReadonlyMap<string, unknown>

  constructor(entries: ReadonlyMap<string, Entry>, members: ReadonlyMap<string, unknown>) {
    this.#entries = entries
    this.#members = members
  }

  get size(): number {
    return this.#entries.size
  }

  get sessionCount(): number {
    return this.#members.size
  }

  get(name: string): RegisteredUser | undefined {
    const entry = this.#entries.get(name)
    return entry && snapshotOf(entry).user
  }

  *[Symbol.iterator](): IterableIterator<RegisteredUser> {
    for (const entry of this.#entries.values()) yield snapshotOf(entry).user
  }
}

/** Frozen, since all who ask between two changes are given the same one. */
function snapshotOf(entry: Entry): NonNullable<Entry['snapshot']> {
  entry.snapshot ??= {
    user: Object.freeze({ name: entry.name, sessions: Object.freeze([...entry.sessions.values()]) }),
    sessionIds: Object.freeze([...entry.sessions.keys()]),
  }
  return entry.snapshot
}
