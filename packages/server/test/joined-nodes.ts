import type { Bus, ClusterNode, ClusterNodes, NodeMessage } from '../src/cluster/cluster.js'

/** A node of a cluster in one process. */
export interface JoinedNode {
  readonly id: string
  readonly nodes: ClusterNodes
  readonly bus: Bus
  /** Where the others reach it by HTTP. */
  url: URL | undefined
  /** Says goodbye. */
  leave(): void
  /** Is not heard any more, for a reason that nobody knows, and is forgotten. */
  vanish(): void
  /** Is not heard any more, and not forgotten yet; neither does it hear the others. */
  fallSilent(): void
}

/** Nodes in one process, whose messages go from one to the other in order. */
export interface JoinedNodes {
  /** One more; the others hear of it in this call. */
  add(id: string): JoinedNode
  /** Whether a message is delivered; asked for each. @default all are */
  isDelivered: (from: string, to: string, kind: string, head: unknown) => boolean
  /** Whether a node has heard of another one; asked anew when the list has `changed`. @default all have */
  isKnown: (by: string, id: string) => boolean
  /** What all clocks show. */
  nowMs: number
  /** Bytes of bodies told so far, by kind. */
  readonly toldBytes: Map<string, number>
  /** Tells all nodes that messages may have been lost. */
  miss(): void
  /** Tells all nodes that the list has changed. */
  changed(): void
}

/** Makes an empty cluster. */
export function joinNodes(): JoinedNodes {
  const present = new Map<string, Joined>()
  const gone = new Set<string>()
  const cluster: JoinedNodes & { readonly present: typeof present; readonly gone: typeof gone } = {
    present,
    gone,
    isDelivered: () => true,
    isKnown: () => true,
    nowMs: 0,
    toldBytes: new Map(),
    add(id) {
      const node = new Joined(id, cluster)
      present.set(id, node)
      cluster.changed()
      return node
    },
    miss() {
      for (const node of present.values()) for (const missed of node.missedListeners) missed()
    },
    changed() {
      for (const node of present.values()) for (const changed of [...node.changeListeners]) changed()
    },
  }
  return cluster
}

type Shared = JoinedNodes & { readonly present: Map<string, Joined>; readonly gone: Set<string> }

class Joined implements JoinedNode {
  readonly id: string
  readonly nodes: ClusterNodes
  readonly bus: Bus
  readonly facts = new Map<string, unknown>()
  readonly takers = new Map<string, (message: NodeMessage) => void>()
  readonly answerers = new Map<string, (head: unknown, from: string) => unknown>()
  readonly missedListeners: (() => void)[] = []
  readonly changeListeners = new Set<() => void>()
  isSilent = false
  readonly #cluster: Shared
  #url: URL | undefined

  constructor(id: string, cluster: Shared) {
    this.id = id
    this.#cluster = cluster
    const { present, gone } = cluster
    const known = (): Joined[] => [...present.values()].filter((node) => cluster.isKnown(id, node.id))
    const asNode = (node: Joined): ClusterNode => ({ id: node.id, url: node.url, facts: node.facts })
    this.nodes = {
      self: id,
      list: () =>
        known()
          .filter((node) => !node.isSilent || this.isSilent)
          .map(asNode)
          .sort((a, b) => (a.id < b.id ? -1 : 1)),
      get: (other) => {
        const node = known().find((each) => each.id === other)
        return node && asNode(node)
      },
      isGone: (other) => gone.has(other),
      findFact: (key) => {
        const node = known().find(({ facts }) => facts.has(key))
        return node && asNode(node)
      },
      announce: (key, value) => {
        if (value === undefined) this.facts.delete(key)
        else this.facts.set(key, value)
        cluster.changed()
      },
      onChange: (changed) => {
        this.changeListeners.add(changed)
        return () => this.changeListeners.delete(changed)
      },
    }
    this.bus = {
      nodeId: id,
      tell: (to, kind, head, body = new Uint8Array()) => {
        cluster.toldBytes.set(kind, (cluster.toldBytes.get(kind) ?? 0) + body.length)
        const copied: unknown = JSON.parse(JSON.stringify(head))
        const copiedBody = Buffer.from(body)
        queueMicrotask(() => {
          for (const node of to === 'all' ? [...present.values()] : [present.get(to)]) {
            if (node === undefined || node === this || node.isSilent || this.isSilent) continue
            if (!cluster.isDelivered(id, node.id, kind, copied)) continue
            node.takers.get(kind)?.({ from: id, head: copied, body: copiedBody, lateMs: 0 })
          }
        })
        return undefined
      },
      take: (kind, taker) => void this.takers.set(kind, taker),
      ask: async (to, kind, head) => {
        await Promise.resolve()
        const node = present.get(to)
        const isHeard = node?.isSilent === false && !this.isSilent && cluster.isDelivered(id, to, kind, head)
        if (!isHeard) throw new Error('no answer')
        return node.answerers.get(kind)?.(JSON.parse(JSON.stringify(head)), id)
      },
      answer: (kind, answerer) => void this.answerers.set(kind, answerer),
      onMissed: (missed) => void this.missedListeners.push(missed),
    }
  }

  get url(): URL | undefined {
    return this.#url
  }

  set url(url: URL | undefined) {
    this.#url = url
    this.#cluster.changed()
  }

  leave(): void {
    this.#cluster.gone.add(this.id)
    this.vanish()
  }

  fallSilent(): void {
    this.isSilent = true
    this.#cluster.changed()
  }

  vanish(): void {
    this.#cluster.present.delete(this.id)
    this.#cluster.changed()
  }
}
