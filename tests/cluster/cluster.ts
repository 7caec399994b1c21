import { randomBytes } from 'node:crypto'
import { freePorts } from '../brokers/broker-process.js'
import { type CutManner, openCutter } from '../networks/cutter.js'
import type { Daemon } from '../networks/daemon.js'
import { FaultLog } from '../networks/network.js'
import { type Balancer, startBalancer } from './balancer.js'
import { type Carrier, type ClientOptions, type ClusterClient, connectClient } from './client.js'
import { type ClusterNodeProcess, type NodeOptions, startClusterNode } from './nodes.js'

/** A way between one node and the broker that can be cut. */
export interface Way {
  cut(): void
  mend(): void
}

/** Some nodes that have a broker in common, behind a balancer without stickiness. */
export interface Cluster {
  /** Of the balancer. */
  readonly url: string
  readonly nodes: readonly ClusterNodeProcess[]
  /** Each node's way to the broker, by the manner in which it is cut. */
  readonly ways: readonly Record<CutManner, Way>[]
  /** Starts the node at this place again, on the same port. */
  restart(index: number): Promise<void>
  /** A client by the balancer, or at `url`; closed with the cluster. */
  client(carrier: Carrier, options?: Partial<Omit<ClientOptions, 'carrier'>>): Promise<ClusterClient>
  close(): Promise<void>
}

/** What a cluster is made of. */
export type ClusterParts = Balancer & {
  /** Port of the broker on 127.0.0.1. */
  readonly broker: number
  readonly size: number
  readonly node?: Partial<NodeOptions>
}

/** Starts it. */
export async function startCluster(parts: ClusterParts): Promise<Cluster> {
  const { broker, size, node = {} } = parts
  const ends: (() => Promise<unknown>)[] = []
  const clients: ClusterClient[] = []
  const secret = randomBytes(16).toString('hex')
  const nodes: ClusterNodeProcess[] = []
  const starts: NodeOptions[] = []
  const ways: Record<CutManner, Way>[] = []
  const close = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.close()))
    await Promise.all(nodes.map((each) => each.kill()))
    for (const end of ends.reverse()) await end()
  }
  try {
    for (const port of await freePorts(size)) {
      const log = new FaultLog()
      const silent = await openCutter(broker, 'silent', log)
      ends.push(silent.close)
      const reset = await openCutter(silent.port, 'reset', log)
      ends.push(reset.close)
      ways.push({ silent, reset })
      starts.push({ port, broker: reset.port, secret, ...node })
    }
    nodes.push(...(await Promise.all(starts.map(startClusterNode))))
    const balancer: Daemon = await startBalancer(
      parts,
      starts.map(({ port }) => port),
    )
    ends.push(balancer.stop)
    const url = `http://127.0.0.1:${balancer.port}`
    return {
      url,
      nodes,
      ways,
      close,
      async restart(index) {
        const start = starts[index]
        if (start === undefined) throw new Error(`there is no node ${index}`)
        nodes[index] = await startClusterNode(start)
      },
      async client(carrier, options = {}) {
        const client = await connectClient({ url, carrier, ...options })
        clients.push(client)
        return client
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
