import { createHeaders, headersFromFlat } from '@hoofbeat/codec'
import type { Broker, Publication } from '../broker/broker.js'
import type { Clock } from '../clock/clock.js'
import type { Elsewhere } from '../dispatch/publications.js'
import { innerUserDestination } from '../users/user-destination.js'
import type { UserRegistry } from '../users/user-registry.js'
import { fieldsOf, type NodeBus } from './bus.js'
import type { ClusterNodes, NodeMessage } from './cluster.js'
import type { ClusterLog } from './drops.js'
import { createRareWarning } from './rare-warning.js'

/*
 * A message to a user is told to all nodes at once, whether or not one of them is known to have sessions of that user: so
 * no session is missed that has just come, and it costs the broker one publication. Each node gives it to its own
 * sessions; the one that has told it did so already, and hears its own letters not.
 */

/** What messages to sessions of other nodes go through. */
export interface UserMessagesParts {
  readonly bus: NodeBus
  readonly nodes: Pick<ClusterNodes, 'self' | 'get' | 'isGone'>
  readonly broker: Pick<Broker, 'publish' | 'isAvailable'>
  readonly users: Pick<UserRegistry, 'sessionIds' | 'has'>
  readonly replyQueues: { find(destination: string): string | undefined }
  readonly log: ClusterLog
  readonly clock: Pick<Clock, 'now'>
}

const KIND = 'user'
const PERSISTENT = createHeaders({ persistent: 'true' })

/** Makes the way to sessions of other nodes, and takes from now on what comes for sessions of this one. */
export function createUserMessages(parts: UserMessagesParts): Elsewhere {
  const { bus, nodes, broker, log, clock } = parts
  const warnUnreached = createRareWarning(log, clock, UNREACHED)
  const letter = (to: string, whom: object, { destination, headers, body }: Publication): Publication => {
    const told = bus.letter(to, KIND, { ...whom, at: destination, headers: headers.flat }, body)
    // As lasting at the broker as its sender wants it to be.
    return headers.get('persistent') === 'true' ? { ...told, headers: PERSISTENT } : told
  }
  bus.take(KIND, (message) => {
    try {
      for (const publication of readPublications(message, parts)) {
        broker.publish(publication)?.catch((err: unknown) => log.warn({ err }, UNDELIVERED))
      }
    } catch (err) {
      log.warn({ err }, UNDELIVERED)
    }
  })
  return {
    toUser: (user, publication) => letter('all', { user }, publication),
    toSession: (session, publication) => letter('all', { session }, publication),
    // One that is not known (yet) hears what all hear.
    toReplyQueue: (node, publication) => letter(nodes.get(node) === undefined ? 'all' : node, {}, publication),
    mayHave: (node) => node !== nodes.self && !nodes.isGone(node),
    get isReachable() {
      return broker.isAvailable !== false
    },
    publishUnawaited(publication) {
      try {
        broker.publish(publication)?.catch((err: unknown) => warnUnreached({ err }))
      } catch (err) {
        warnUnreached({ err })
      }
    },
  }
}

const UNREACHED =
  'messages to users have reached their sessions on this node only: the message broker could not be told of them for the others'
const UNDELIVERED = 'a message of another node could not be given to a session of this one'

/** What another node has told, for the sessions of this one that it means. */
function readPublications(
  { head, body }: NodeMessage,
  { users, replyQueues }: UserMessagesParts,
): readonly Publication[] {
  const { user, session, at, headers: flat } = fieldsOf(head)
  if (typeof at !== 'string' || !at.startsWith('/') || !Array.isArray(flat)) return []
  const texts = flat.filter((text: unknown) => typeof text === 'string')
  const headers = headersFromFlat(texts)
  if (typeof user === 'string') return inner(users.sessionIds(user), at, { headers, body })
  if (typeof session === 'string') return inner(users.has(session) ? [session] : [], at, { headers, body })
  const destination = replyQueues.find(at)
  // A queue keeps it: of the bytes that it came in only its own are kept.
  return destination === undefined ? [] : [{ destination, headers, body: Uint8Array.from(body) }]
}

function inner(
  sessionIds: readonly string[],
  rest: string,
  message: Pick<Publication, 'headers' | 'body'>,
): readonly Publication[] {
  return sessionIds.map((id) => ({ destination: innerUserDestination(id, rest), ...message }))
}
