import { StompError } from '../errors.js'
import type { User } from '../hooks/user.js'
import type { SessionGauge } from '../observe/figures.js'
import type {
  ConnectedSession,
  FoundSubscription,
  RegisteredUser,
  SessionSubscription,
  SessionTarget,
  UserSession,
  Users,
} from './users.js'

/** A session that is connected. */
export interface Member {
  /** Unique among the sessions that are there. */
  readonly sessionId: string
  /** Undefined for an anonymous session. Its name is looked at once, when the session is added. */
  readonly user: User | undefined
  /** Its subscriptions now, in the order in which they began; with a destination those at exactly this one. A copy. */
  listSubscriptions(destination?: string): readonly SessionSubscription[]
  /** How it looks to operators now; undefined where it is no session, but one request. */
  readonly gauge?: SessionGauge | undefined
  /** Ends the session: tells the error, then closes. Resolves when the connection is gone; never rejects. */
  expel(error: StompError): Promise<void>
}

/** The sessions of one process by user: fed by those who open and close them, asked where user destinations lead. */
export interface UserRegistry {
  /** What applications see of it. */
  readonly users: Users
  /** Takes a session in. Throws if the id is there already. */
  add(member: Member): void
  /** The member's user says something else than before, under the same name. */
  renewed(member: Member): void
  /** Removes this very member. Harmless when it is not there, or another one has its id since. */
  remove(member: Member): void
  /** The sessions of a user in the order in which they connected; none if there is no such user. A copy. */
  sessionIds(userName: string): readonly string[]
  /** How all sessions look to operators now. */
  gauges(): Iterable<SessionGauge>
  /** True if the session is connected. */
  has(sessionId: string): boolean
  /** Whose session it is; undefined for an anonymous one, and if there is no such session. */
  userOf(sessionId: string): User | undefined
  /** Ends sessions with STOMP_ERR_DISCONNECTED. Resolves with how many they were, when their connections are gone. */
  disconnect(target: SessionTarget, reason?: string): Promise<number>
}

/** Makes an empty registry. Adding, removing and looking up cost the same however many users are connected. */
export function createUserRegistry(): UserRegistry {
  return new SessionsByUser()
}

interface Entry {
  readonly name: string
  /** By session; with each its user, as it was added. */
  readonly sessions: Map<string, { readonly member: Member; readonly user: User }>
  /** Made when first asked for after a change, so that a message to a user costs no copy. */
  sessionIds: readonly string[] | undefined
}

interface Known {
  readonly member: Member
  /** What the member was entered under. */
  readonly entry: Entry | undefined
}

const NOBODY: readonly string[] = Object.freeze([])

class SessionsByUser implements UserRegistry {
  readonly #entries = new Map<string, Entry>()
  readonly #members = new Map<string, Known>()
  readonly users: Users = new ConnectedUsers(this.#entries, this.#members)

  add(member: Member): void {
    const { sessionId, user } = member
    if (this.#members.has(sessionId)) throw new Error(`the session '${sessionId}' is registered already`)
    this.#members.set(sessionId, { member, entry: user && this.#enter(member, user) })
  }

  renewed(member: Member): void {
    const { sessionId, user } = member
    const known = this.#members.get(sessionId)
    if (known?.member === member && user !== undefined) known.entry?.sessions.set(sessionId, { member, user })
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
    if (entry === undefined) return NOBODY
    entry.sessionIds ??= Object.freeze([...entry.sessions.keys()])
    return entry.sessionIds
  }

  *gauges(): IterableIterator<SessionGauge> {
    for (const { member } of this.#members.values()) if (member.gauge !== undefined) yield member.gauge
  }

  has(sessionId: string): boolean {
    return this.#members.has(sessionId)
  }

  userOf(sessionId: string): User | undefined {
    return this.#members.get(sessionId)?.member.user
  }

  async disconnect({ user, session }: SessionTarget, reason?: string): Promise<number> {
    const ids = user === undefined ? [session] : this.sessionIds(user)
    const error = new StompError('STOMP_ERR_DISCONNECTED', reason === undefined ? {} : { message: reason })
    // Each leaves the registry as soon as it is told.
    const members = ids.flatMap((id) => this.#members.get(id)?.member ?? [])
    await Promise.all(members.map((member) => member.expel(error)))
    return members.length
  }

  #enter(member: Member, user: User): Entry {
    const { name } = user
    let entry = this.#entries.get(name)
    if (entry === undefined) {
      entry = { name, sessions: new Map(), sessionIds: undefined }
      this.#entries.set(name, entry)
    }
    entry.sessions.set(member.sessionId, { member, user })
    entry.sessionIds = undefined
    return entry
  }

  #leave(entry: Entry, sessionId: string): void {
    entry.sessions.delete(sessionId)
    entry.sessionIds = undefined
    if (entry.sessions.size === 0) this.#entries.delete(entry.name)
  }
}

class ConnectedUsers implements Users {
  readonly #entries: ReadonlyMap<string, Entry>
  readonly #members: ReadonlyMap<string, Known>

  constructor(entries: ReadonlyMap<string, Entry>, members: ReadonlyMap<string, Known>) {
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
    return entry && registered(entry)
  }

  session(id: string): ConnectedSession | undefined {
    const member = this.#members.get(id)?.member
    return member && { id, user: member.user, subscriptions: member.listSubscriptions() }
  }

  subscriptions(which: string | ((subscription: FoundSubscription) => boolean)): readonly FoundSubscription[] {
    const found: FoundSubscription[] = []
    const destination = typeof which === 'string' ? which : undefined
    for (const { member } of this.#members.values()) {
      const { sessionId, user } = member
      for (const { id, destination: at } of member.listSubscriptions(destination)) {
        const subscription = { id, destination: at, sessionId, user }
        if (typeof which === 'string' || which(subscription)) found.push(subscription)
      }
    }
    return found
  }

  *[Symbol.iterator](): IterableIterator<RegisteredUser> {
    for (const entry of this.#entries.values()) yield registered(entry)
  }
}

function registered({ name, sessions }: Entry): RegisteredUser {
  const all: UserSession[] = []
  for (const [id, { member, user }] of sessions) all.push({ id, user, subscriptions: member.listSubscriptions() })
  return { name, sessions: all }
}
