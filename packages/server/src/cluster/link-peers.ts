import { createHttpPeers, type HttpPeers } from '@hoofbeat/sse'
import type { ClusterNodes } from './cluster.js'
import type { NodeWays } from './node-ways.js'

/** What the peers of the fallback need. */
export interface LinkPeersParts {
  /** Shared by all nodes. */
  readonly key: Uint8Array
  readonly nodes: ClusterNodes
  readonly ways: NodeWays
  readonly epochMs: () => number
  /** Told why something could not be passed on. */
  readonly failed: (node: string | undefined, error: unknown) => void
}

/** Begins the name of a fact: this node owns the links of that alias. */
const FACT = 'link-alias:'
/** How many aliases of nodes that have gone are remembered: each is one endpoint of one node. */
const MAX_FORMER = 10_000

/**
 * The nodes as the fallback sees them: each tells the aliases of its links, and takes one back when the endpoint has
 * ended. An alias that was taken back, or whose node has ended for sure, is gone, so that clients open anew at once; one
 * of a node that is silent is unknown, so that they come again.
 */
export function createLinkPeers({ key, nodes, ways, epochMs, failed }: LinkPeersParts): HttpPeers & { close(): void } {
  const owners = new Map<string, string>()
  const former = new Map<string, string>()
  const look = (): void => {
    for (const [alias, owner] of owners) {
      if (nodes.get(owner)?.facts.has(FACT + alias) === true) continue
      owners.delete(alias)
      former.set(alias, owner)
    }
    for (const { id, facts } of nodes.list())
      for (const fact of facts.keys()) {
        if (!fact.startsWith(FACT)) continue
        owners.set(fact.slice(FACT.length), id)
        former.delete(fact.slice(FACT.length))
      }
    for (const alias of former.keys()) {
      if (former.size <= MAX_FORMER) break
      former.delete(alias)
    }
  }
  const stopWatching = nodes.onChange(look)
  look()
  const ownerOf = (alias: string): string | undefined => owners.get(alias) ?? former.get(alias)
  const peers = createHttpPeers({
    secret: Buffer.from(key).toString('base64url'),
    directory(alias) {
      const owner = ownerOf(alias)
      if (owner === undefined) return undefined
      if (nodes.isGone(owner)) return 'gone'
      // A node that goes on without that endpoint.
      if (!owners.has(alias) && nodes.get(owner) !== undefined) return 'gone'
      return ways.to(owner)?.url
    },
    agent(alias) {
      const owner = ownerOf(alias)
      return owner === undefined ? undefined : ways.to(owner)?.agent
    },
    joined(alias) {
      nodes.announce(FACT + alias, true)
      return () => nodes.announce(FACT + alias, undefined)
    },
    failed: (alias, error) => failed(ownerOf(alias), error),
    epochMs,
  })
  return { ...peers, close: stopWatching }
}
