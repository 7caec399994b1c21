/**
 * The nodes in the order in which they are responsible for a key: the same wherever it is asked, and when a node comes or
 * goes, only the keys that it takes or had change hands (rendezvous hashing).
 */
export function rankNodes(key: string, nodes: readonly string[]): string[] {
  const hashed = hashOf(key)
  return nodes
    .map((node) => ({ node, weight: mix(hashed ^ hashOf(node)) }))
    .sort((one, other) => other.weight - one.weight || (one.node < other.node ? -1 : 1))
    .map(({ node }) => node)
}

/** The first of {@link rankNodes}; undefined: there are none. */
export function firstNode(key: string, nodes: readonly string[]): string | undefined {
  if (nodes.length < 2) return nodes[0]
  return rankNodes(key, nodes)[0]
}

/** FNV-1a over the characters, 32 bits, mixed. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return mix(hash)
}

/** Lets each bit depend on each: the last step of MurmurHash3. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
