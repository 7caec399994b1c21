import type { Publication, Settled } from '../broker/broker.js'
import { NODES } from '../broker/broker.js'
import { createWheel } from '../clock/wheel.js'
import { type Cluster, createCluster } from '../cluster/open-cluster.js'
import { createDestinationSyntax } from '../destination/destination.js'
import { createPublications, type Publications } from '../dispatch/publications.js'
import { createReplyQueues, type ReplyQueues } from '../dispatch/reply-queues.js'
import type { StompError } from '../errors.js'
import type { Presence } from '../users/presence.js'
import { createUserRegistry, type UserRegistry } from '../users/user-registry.js'
import type { SessionSubscription } from '../users/users.js'
import { createFakeClock, type FakeClock } from './fake-clock.js'
import { createTestBackbone, type TestBackbone, type TestBackboneNode } from './test-backbone.js'

/** Nodes of one cluster in this process, in virtual time. */
export interface TestCluster {
  readonly clock: FakeClock
  readonly hub: TestBackbone
  /** What all nodes have warned of. */
  readonly warnings: readonly string[]
  /** A node comes. */
  join(id: string, options?: { readonly url?: URL; readonly secret?: string; readonly isAlone?: boolean }): TestNode
}

/** One of them, without transports: sessions are told to it by hand. */
export interface TestNode {
  readonly id: string
  readonly cluster: Cluster
  readonly backbone: TestBackboneNode
  readonly users: UserRegistry
  readonly publications: Publications
  readonly replyQueues: ReplyQueues
  /** What its broker was given for its own sessions, in order. */
  readonly delivered: readonly Publication[]
  /** A session comes. */
  connect(sessionId: string, user?: string): TestSession
}

/** A session as its node knows it. */
export interface TestSession {
  readonly expelled: readonly StompError[]
  subscribe(id: string | undefined, destination: string): () => void
  leave(): void
}

/** Makes a cluster without nodes. */
export function createTestCluster(): TestCluster {
  const clock = createFakeClock()
  const wheel = createWheel(clock)
  const hub = createTestBackbone(clock)
  const warnings: string[] = []
  return {
    clock,
    hub,
    warnings,
    join(id, options) {
      const backbone = hub.join(id, options)
      const delivered: Publication[] = []
      const publish = (publication: Publication): Settled => {
        if (publication.destination.startsWith(NODES)) return backbone.publish(publication)
        delivered.push(publication)
        return undefined
      }
      const broker = {
        publish,
        get isAvailable() {
          return backbone.isAvailable
        },
      }
      const users = createUserRegistry()
      const replyQueues = createReplyQueues(16, id)
      const cluster = createCluster({
        ...{ backbone: backbone.backbone, broker, users, replyQueues, clock },
        log: { warn: (details, text) => void warnings.push(`${id}: ${JSON.stringify(details)} ${text}`) },
        after: (delayMs, run) => wheel.after(delayMs, run),
      })
      const publications = createPublications({
        ...{ broker, replyQueues, syntax: createDestinationSyntax(), applicationPrefix: '/app', observe: () => {} },
        sessionIds: (name) => users.sessionIds(name),
        hasSession: (session) => users.has(session),
        elsewhere: cluster.elsewhere,
      })
      const presence = cluster.follow({ isWanted: false, open: () => undefined })
      return {
        ...{ id, cluster, backbone, users, publications, replyQueues, delivered },
        connect: (sessionId, user) => openSession(sessionId, user, users, presence),
      }
    },
  }
}

/** A cluster whose nodes know each other; `a`, `b` and `c` are the first three, where there are so many. */
export interface OpenTestCluster extends TestCluster {
  readonly a: TestNode
  readonly b: TestNode
  readonly c: TestNode
  /** One more comes, and is one of them when this resolves. */
  open(id: string, options?: { readonly url?: URL }): Promise<TestNode>
}

/** Makes a cluster of nodes with these ids, at least one. */
export async function openTestCluster(...ids: readonly string[]): Promise<OpenTestCluster> {
  const test = createTestCluster()
  const open = async (id: string, options?: { readonly url?: URL }): Promise<TestNode> => {
    const node = test.join(id, options)
    const opened = node.cluster.open()
    await test.clock.pass(10)
    await opened
    return node
  }
  const nodes: TestNode[] = []
  for (const id of ids) nodes.push(await open(id))
  await test.clock.pass(500)
  const [a, b = a, c = b] = nodes
  if (a === undefined || b === undefined || c === undefined) throw new Error('no nodes')
  return { ...test, open, a, b, c }
}

function openSession(
  sessionId: string,
  name: string | undefined,
  users: UserRegistry,
  presence: Presence,
): TestSession {
  const user = name === undefined ? undefined : { name }
  const subscriptions = new Set<SessionSubscription>()
  const expelled: StompError[] = []
  const leave = (): void => {
    users.remove(member)
    told?.left()
    told?.gone(1000, '')
  }
  const member = {
    sessionId,
    user,
    listSubscriptions: (at?: string) =>
      [...subscriptions].filter(({ destination }) => (at ?? destination) === destination),
    async expel(error: StompError) {
      expelled.push(error)
      leave()
    },
  }
  users.add(member)
  const told = presence.open({ sessionId, user, transport: 'linked' })
  return {
    expelled,
    subscribe(id, destination) {
      const subscription = { id, destination }
      subscriptions.add(subscription)
      told?.subscribed(subscription, subscription)
      return () => {
        subscriptions.delete(subscription)
        told?.unsubscribed(subscription)
      }
    },
    leave,
  }
}
