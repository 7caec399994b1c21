import type { UserRegistry } from '../users/user-registry.js'
import type {
  ConnectedSession,
  FoundSubscription,
  RegisteredUser,
  SessionSubscription,
  UserSession,
  Users,
} from '../users/users.js'
import type { RemoteSession, RemoteSessions } from './remote-sessions.js'

/** The users of all nodes: those of this one as they are now, those of others as they were told. */
export function createClusterUsers(local: LocalUsers, remote: RemoteSessions): Users {
  return new UsersOfAll(local, remote)
}

type LocalUsers = Pick<UserRegistry, 'users' | 'sessionIds'>

class UsersOfAll implements Users {
  readonly #registry: LocalUsers
  readonly #local: Users
  readonly #remote: RemoteSessions

  constructor(registry: LocalUsers, remote: RemoteSessions) {
    this.#registry = registry
    this.#local = registry.users
    this.#remote = remote
  }

  get size(): number {
    let size = this.#local.size
    for (const name of this.#remote.userNames) if (!this.#isHere(name)) size++
    return size
  }

  get sessionCount(): number {
    return this.#local.sessionCount + this.#remote.size
  }

  get(name: string): RegisteredUser | undefined {
    return this.#joined(name, this.#local.get(name))
  }

  session(id: string): ConnectedSession | undefined {
    return this.#local.session(id) ?? this.#remote.get(id)
  }

  subscriptions(which: string | ((subscription: FoundSubscription) => boolean)): readonly FoundSubscription[] {
    const found: FoundSubscription[] = [...this.#local.subscriptions(which)]
    const isMeant = typeof which === 'string' ? (at: FoundSubscription) => at.destination === which : which
    for (const session of this.#remote.list(typeof which === 'string' ? which : undefined)) {
      for (const subscription of session.subscriptions) {
        const one = foundAt(session, subscription)
        if (isMeant(one)) found.push(one)
      }
    }
    return found
  }

  *[Symbol.iterator](): IterableIterator<RegisteredUser> {
    for (const user of this.#local) yield this.#joined(user.name, user) ?? user
    for (const name of this.#remote.userNames) {
      if (this.#isHere(name)) continue
      const user = this.#joined(name, undefined)
      if (user !== undefined) yield user
    }
  }

  #isHere(name: string): boolean {
    return this.#registry.sessionIds(name).length > 0
  }

  #joined(name: string, here: RegisteredUser | undefined): RegisteredUser | undefined {
    const elsewhere: UserSession[] = []
    for (const session of this.#remote.ofUser(name)) {
      const { user } = session
      if (user !== undefined) elsewhere.push({ ...session, user })
    }
    if (elsewhere.length === 0) return here
    return { name, sessions: [...(here?.sessions ?? []), ...elsewhere] }
  }
}

function foundAt(
  { id: sessionId, user, node }: RemoteSession,
  { id, destination }: SessionSubscription,
): FoundSubscription {
  return { id, destination, sessionId, user, node }
}
