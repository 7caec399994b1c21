import type { ConnectedSession } from '../users/users.js'
import { isSessionId, readSessionKey, readSubscriptions, readUserName } from './session-texts.js'

/*
 * Every node knows the sessions of all others: so one that nobody asks for should weigh little. It is kept as the text in
 * which it was told, under its id (or the few texts of one with many subscriptions), and read when somebody asks; only
 * names of users are looked up by themselves.
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
  /** What is told under a key is not as before; undefined: it is, or was not there. */
  changed(key: string, written: unknown, former: unknown): void
}

/** What other nodes have told, by their ids: `writeSession` by `sessionKey`. */
export type SessionLists = () => Iterable<readonly [node: string, sessions: ReadonlyMap<string, unknown>]>

/** Makes the list of those that `lists` has. */
export function createRemoteSessions(lists: SessionLists): RemoteSessions {
  /** Ids by user name: most users have one session. */
  const users = new Map<string, string | Set<string>>()
  /** The keys of all parts but the first, by session id: few have any. */
  const more = new Map<string, Set<string>>()
  let size = 0

  const textsOf = (id: string, sessions: ReadonlyMap<string, unknown>): readonly string[] => {
    const first = sessions.get(id)
    if (typeof first !== 'string' || !isSessionId(id)) return []
    const texts = [first]
    for (const key of more.get(id) ?? []) {
      const text = sessions.get(key)
      if (typeof text === 'string') texts.push(text)
    }
    return texts
  }
  const find = (id: string): RemoteSession | undefined => {
    for (const [node, sessions] of lists()) {
      const texts = textsOf(id, sessions)
      if (texts.length > 0) return readSession(node, id, texts)
    }
    return undefined
  }
  const notePart = (key: string, isThere: boolean): void => {
    const { sessionId } = readSessionKey(key)
    const keys = more.get(sessionId) ?? new Set()
    if (isThere) more.set(sessionId, keys.add(key))
    else if (keys.delete(key) && keys.size === 0) more.delete(sessionId)
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
        for (const id of sessions.keys()) {
          const texts = textsOf(id, sessions)
          if (texts.some((text) => text.includes(destination))) yield readSession(node, id, texts)
        }
      }
    },
    changed(key, text, former) {
      if (!isSessionId(key)) return notePart(key, typeof text === 'string')
      if (typeof text === 'string') size++
      if (typeof former === 'string') size--
      const [name, formerName] = [readUserName(text), readUserName(former)]
      if (name === formerName) return
      if (formerName !== undefined) leave(formerName, key)
      if (name !== undefined) enter(name, key)
    },
  }
}

function readSession(node: string, id: string, texts: readonly string[]): RemoteSession {
  const userName = readUserName(texts[0])
  const subscriptions = texts.flatMap((text, i) => readSubscriptions(text, i === 0))
  return { node, id, user: userName === undefined ? undefined : { name: userName }, subscriptions }
}
