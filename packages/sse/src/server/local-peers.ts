import type { PeerNode, Peers } from './peers.js'

/**
 * Joins link tables of one process, which hand requests to each other as they are. All there are have joined: an alias
 * that none of them has is gone.
 */
export function createLocalPeers<Admission>(): Peers<Admission> {
  const nodes = new Map<string, PeerNode<Admission>>()
  const nodeOf = (alias: string): PeerNode<Admission> => {
    const node = nodes.get(alias)
    if (node === undefined) throw new Error('the node has left')
    return node
  }
  return {
    join(alias, node) {
      nodes.set(alias, node)
      return () => nodes.delete(alias)
    },
    lookup: (alias) => (nodes.has(alias) ? 'reachable' : 'gone'),
    async forward(alias, exchange) {
      await nodeOf(alias).serve(exchange)
    },
    async forwardSocket(alias, socket, request, first) {
      nodeOf(alias).acceptSocket(socket, request, first)
    },
  }
}
