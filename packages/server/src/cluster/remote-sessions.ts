import type { ConnectedSession, SessionSubscription } from '../users/users.js'
import type { FollowedSession } from './followed-presence.js'

/*
 * Every node knows the sessions of all others: so one that nobody asks for should weigh little. It is kept as the one text
 * in which it was told, under its id, and read when somebody asks; only names of users are looked up by themselves.
 */

/** A session of another node. */
export interface RemoteSession extends ConnectedSession {
  /** The id of its node. */
  readonly node: string
}

/** The sessions of all other nodes, as far as they were told. */
export interface RemoteSessions {
  readonly size: number
  /** Names of users that have a session elsewhere. */
  readonly userNames: Iterable<string>
  get(id: string): RemoteSession | undefined
  /** In the order in which they became known. */
  ofUser(name: string): readonly RemoteSession[]
  /** All; with a destination those that may have subscribed at it, all such among them. */
  list(destination?: string): Iterable<RemoteSession>
  /** What is told of one is not as before; undefined: it is, or was not there. */
  changed(id: string, written: unknown, former: unknown): void
}

/** What other nodes have told, by their ids: `writeSession` by session id. */
export type SessionLists = () => Iterable<readonly [node: string, sessions: ReadonlyMap<string, unknown>]>

/**
 * Parts of what is told of a session, in turn: the name of its user, and the id and destination of each subscription. No
 * header can carry a NUL.
 */
const BETWEEN = '\0'
/** Before a name or id that is there; what is not there is empty. */
const THERE = '+'

/** How a session is told to other nodes. */
export function writeSession({ userName, subscriptions }: FollowedSession): string {
  const parts = [written(userName)]
  for (const { id, destination } of subscriptions.values()) parts.push(written(id), destination)
  return parts.join(BETWEEN)
}

/** Makes the list of those that `lists` has. */
export function createRemoteSessions(lists: SessionLists): RemoteSessions {
  /** Ids by user name: most users have one session. */
  const users = new Map<string, string | Set<string>>()

  const find = (id: string): RemoteSession | undefined => {
    for (const [node, sessions] of lists()) {
      const text = sessions.get(id)
      if (typeof text === 'string') return readSession(node, id, text)
    }
    return undefined
  }
  const enter = (name: string, id: string): void => {
    const known = users.get(name)
    if (known === undefined) users.set(name, id)
    else if (typeof known !== 'string') known.add(id)
    else if (known !== id) users.set(name, new Set([known, id]))
  }
  const leave = (name: string, id: string): void => {
    const known = users.get(name)
    if (known === id) users.delete(name)
    if (typeof known !== 'object') return
    known.delete(id)
    if (known.size === 0) users.delete(name)
  }
  return {
    get size() {
      let size = 0
      for (const [, sessions] of lists()) size += sessions.size
      return size
    },
    get userNames() {
      return users.keys()
    },
    get: find,
    ofUser(name) {
      const ids = users.get(name)
      if (ids === undefined) return []
      return (typeof ids === 'string' ? [ids] : [...ids]).flatMap((id) => find(id) ?? [])
    },
    *list(destination = '') {
      for (const [node, sessions] of lists()) {
        for (const [id, text] of sessions) {
          if (typeof text === 'string' && text.includes(destination)) yield readSession(node, id, text)
        }
      }
    },
    changed(id, text, former) {
      const [name, formerName] = [nameOf(text), nameOf(former)]
      if (name === formerName) return
      if (formerName !== undefined) leave(formerName, id)
      if (name !== undefined) enter(name, id)
    },
  }
}

function written(text: string | undefined): string {
  return text === undefined ? '' : THERE + text
}

function read(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text.slice(THERE.length)
}

function nameOf(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined
  const end = text.indexOf(BETWEEN)
  return read(end === -1 ? text : text.slice(0, end))
}

function readSession(node: string, id: string, text: string): RemoteSession {
  const [name, ...parts] = text.split(BETWEEN)
  const userName = read(name)
  const subscriptions: SessionSubscription[] = []
  for (let i = 0; i + 1 < parts.length; i += 2) {
    subscriptions.push({ id: read(parts[i]), destination: parts[i + 1] ?? '' })
  }
  return { node, id, user: userName === undefined ? undefined : { name: userName }, subscriptions }
}
