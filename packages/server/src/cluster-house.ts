import type { FastifyInstance } from 'fastify'
import type { Broker } from './broker/broker.js'
import { createAnyNode } from './cluster/any-node.js'
import { type ClusterParts, createCluster } from './cluster/open-cluster.js'
import type { Elsewhere } from './dispatch/publications.js'
import type { SockJsPeers } from './transports/sockjs/peers.js'
import type { FallbackOptions } from './transports/sse.js'
import type { Presence } from './users/presence.js'
import type { SessionTarget, Users } from './users/users.js'

/** What one node of a cluster is made with. */
export interface ClusterHouseParts extends Omit<ClusterParts, 'backbone' | 'broker'> {
  readonly broker: Pick<Broker, 'backbone' | 'publish' | 'isAvailable'>
}

/**
 * Composition of one node among others. Where the broker has no backbone there is one node: everything is then that of
 * this process, and there is nothing to open.
 */
export interface ClusterHouse {
  /** Of all nodes. */
  readonly users: Users
  /** How publications reach users of other nodes; undefined: there are none. */
  readonly elsewhere: Elsewhere | undefined
  /** How a request to the fallback finds the node that has its link; undefined: it is always this one. */
  readonly linkPeers: FallbackOptions['peers']
  /** The same for SockJS sessions. */
  readonly sockJsPeers: SockJsPeers | undefined
  /** Who is told of presence stays so; the other nodes are told, too. */
  follow(presence: Presence): Presence
  /** On whatever node the sessions are. */
  disconnect(target: SessionTarget, reason: string | undefined): Promise<number>
  /** This node takes what others send to it; resolves when it misses nothing of them, before any client comes in. */
  open(instance: FastifyInstance): Promise<void>
  /** The doors are closed: ends what is under way between them and other nodes. */
  closeWays(): void
  /** Says goodbye, when all sessions are gone and before the broker is closed. */
  leave(): Promise<void>
}

/** Makes it. It opens nothing by itself. */
export function createClusterHouse({ broker, ...parts }: ClusterHouseParts): ClusterHouse {
  const { users } = parts
  const { backbone } = broker
  if (backbone === undefined) {
    return {
      users: users.users,
      elsewhere: undefined,
      linkPeers: undefined,
      sockJsPeers: undefined,
      follow: (presence) => presence,
      disconnect: (target, reason) => users.disconnect(target, reason),
      open: async () => {},
      closeWays: () => {},
      leave: async () => {},
    }
  }
  const cluster = createCluster({ ...parts, backbone, broker })
  const { log, clock, after } = parts
  const anyNode = createAnyNode({ ...{ backbone, log, clock, after }, nodes: cluster.nodes, bus: cluster.bus })
  return {
    users: cluster.users,
    elsewhere: cluster.elsewhere,
    linkPeers: anyNode.links,
    sockJsPeers: anyNode.sockjs,
    follow: (presence) => cluster.follow(presence),
    disconnect: (target, reason) => cluster.disconnect(target, reason),
    async open(instance) {
      const opened = cluster.open()
      anyNode.serve(instance, opened)
      await opened
    },
    closeWays: () => anyNode.close(),
    leave: () => cluster.close(),
  }
}
