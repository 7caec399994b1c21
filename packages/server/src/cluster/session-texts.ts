/*
 * How a session is told to other nodes: as one entry for each of its parts. The first one has the session's id as its key,
 * and in its text the name of the user before the subscriptions; the key of each other one is the id and a number.
 */
import type { SessionSubscription } from '../users/users.js'
import type { FollowedSession } from './followed-session.js'

/**
 * Between the parts of a key, and between those of a text: the name of the user, and the id and destination of each
 * subscription in turn. No header can carry a NUL.
 */
const BETWEEN = '\0'
/** Before a name or id that is there; what is not there is empty. */
const THERE = '+'

/** The key of one part of a session. */
export function sessionKey(sessionId: string, part: number): string {
  return part === 0 ? sessionId : `${sessionId}${BETWEEN}${part}`
}

/** Whether the key is that of the first part of a session: its id. */
export function isSessionId(key: string): boolean {
  return !key.includes(BETWEEN)
}

/** The session that a key belongs to, and which part of it. */
export function readSessionKey(key: string): { readonly sessionId: string; readonly part: number } {
  const [sessionId = '', part = '0'] = key.split(BETWEEN, 2)
  return { sessionId, part: Number(part) }
}

/** The text of one part; undefined: it is not there. */
export function writeSession(session: FollowedSession, part: number): string | undefined {
  const subscriptions = session.part(part)
  if (subscriptions === undefined) return undefined
  const texts = part === 0 ? [written(session.userName)] : []
  for (const { id, destination } of subscriptions.values()) texts.push(written(id), destination)
  return texts.join(BETWEEN)
}

/** The name of the user out of the text of a first part. */
export function readUserName(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined
  const end = text.indexOf(BETWEEN)
  return read(end === -1 ? text : text.slice(0, end))
}

/** The subscriptions out of a text of the first part, or of another one. */
export function readSubscriptions(text: string, isFirst: boolean): readonly SessionSubscription[] {
  const texts = text.split(BETWEEN)
  const subscriptions: SessionSubscription[] = []
  for (let i = isFirst ? 1 : 0; i + 1 < texts.length; i += 2) {
    subscriptions.push({ id: read(texts[i]), destination: texts[i + 1] ?? '' })
  }
  return subscriptions
}

function written(text: string | undefined): string {
  return text === undefined ? '' : THERE + text
}

function read(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text.slice(THERE.length)
}
