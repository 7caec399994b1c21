import type { Backbone, Broker } from '../broker/broker.js'
import type { Clock } from '../clock/clock.js'
import type { Elsewhere } from '../dispatch/publications.js'
import type { Presence } from '../users/presence.js'
import type { UserRegistry } from '../users/user-registry.js'
import type { Users } from '../users/users.js'
import { createAnnouncements } from './announcements.js'
import { createBus } from './bus.js'
import type { Bus, ClusterNodes } from './cluster.js'
import { createClusterUsers } from './cluster-users.js'
import { createDisconnects, type Disconnects } from './disconnects.js'
import type { ClusterLog } from './drops.js'
import { createFollowedSessions } from './followed-presence.js'
import { createNodes } from './nodes.js'
import { createRemoteSessions } from './remote-sessions.js'
import { isSessionId, readSessionKey, sessionKey, writeSession } from './session-texts.js'
import { createUserMessages } from './user-messages.js'

export type { ClusterLog } from './drops.js'

/** What a node takes part in a cluster with. */
export interface ClusterParts {
  readonly backbone: Backbone
  readonly broker: Pick<Broker, 'publish' | 'isAvailable'>
  /** The sessions of this node. */
  readonly users: UserRegistry
  /** Those of this node; their names carry its id. */
  readonly replyQueues: { find(destination: string): string | undefined }
  readonly log: ClusterLog
  readonly clock: Clock
  /** Calls `run` once, after `delayMs`, unless it is cancelled. */
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
}

/** One node's part in a cluster. */
export interface Cluster extends Disconnects {
  readonly bus: Bus
  readonly nodes: ClusterNodes
  /** Who is connected to any node. */
  readonly users: Users
  /** The way to sessions of other nodes. */
  readonly elsewhere: Elsewhere
  /** Whoever is told of presence is told as before; the other nodes are too. */
  follow(presence: Presence): Presence
  /**
   * Takes part: resolves when nothing of others is missed from now on, and they have been told of this node; or after
   * {@link OPEN_MS}, where the broker is away: then all this happens when it is there. To be called before sessions come.
   */
  open(): Promise<void>
  /** Tells the others that this node ends, and ends. Resolves when the broker has it, or after {@link CLOSE_MS}. */
  close(): Promise<void>
}

/** How long a start waits for the broker. */
export const OPEN_MS = 5_000
/** How long an end waits for the broker. */
export const CLOSE_MS = 1_000

const ALONE =
  'this node is alone: it has nothing secret in common with others. For nodes that are to be one, set cluster.secret of relayBroker, the same for all'

/** Makes the part of one node; it says and hears nothing until it is opened. */
export function createCluster(parts: ClusterParts): Cluster {
  const { backbone, broker, users, replyQueues, log, clock, after } = parts
  const bus = createBus({ backbone, broker, clock, log, after })
  const shared = { bus, clock, after, log, isAvailable: () => broker.isAvailable !== false }

  const ownFacts = new Map<string, unknown>()
  const facts = createAnnouncements({
    ...shared,
    name: 'facts',
    read: (key) => ownFacts.get(key),
    heard: () => nodes.factsChanged(),
  })
  const remote = createRemoteSessions(() => sessions.lists())
  const sessions = createAnnouncements({
    ...shared,
    name: 'sessions',
    read(key) {
      const { sessionId, part } = readSessionKey(key)
      const session = followed.sessions.get(sessionId)
      return session && writeSession(session, part)
    },
    // However many subscriptions some have: that the others are there is told.
    isLesser: (key) => !isSessionId(key),
    heard: (key, written, former) => remote.changed(key, written, former),
  })
  const followed = createFollowedSessions(
    () => clock.now(),
    (sessionId, part) => sessions.changed(sessionKey(sessionId, part)),
  )
  const nodes = createNodes({ ...shared, url: backbone.url, facts, ownFacts, sessions })
  const disconnects = createDisconnects({
    ...{ bus, nodes, users, clock, after, log },
    begunMs: (sessionId) => followed.sessions.get(sessionId)?.begunMs,
  })

  /** Resolves with what is under way, or when it has taken too long. */
  const within = (ms: number, work: () => Promise<void>): Promise<void> =>
    new Promise((resolve) => {
      const deadline = after(ms, resolve)
      work()
        .catch(() => {})
        .then(() => {
          deadline.cancel()
          resolve()
        })
    })
  return {
    bus,
    nodes,
    users: createClusterUsers(users, remote),
    elsewhere: createUserMessages({ bus, nodes, broker, users, replyQueues, log, clock }),
    follow: (presence) => followed.follow(presence),
    disconnect: (target, reason) => disconnects.disconnect(target, reason),
    open() {
      if (backbone.isAlone === true) log.warn({ node: backbone.nodeId }, ALONE)
      return within(OPEN_MS, async () => {
        const listening = bus.open()
        try {
          await listening
        } finally {
          disconnects.heard()
          await nodes.hello()
        }
      })
    },
    async close() {
      await within(CLOSE_MS, async () => {
        if (shared.isAvailable()) await nodes.goodbye()
      })
      disconnects.close()
      nodes.close()
      facts.close()
      sessions.close()
      bus.close()
    },
  }
}
