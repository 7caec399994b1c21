import type { Settled } from '../broker/broker.js'

/** A node, as the others know it. */
export interface ClusterNode {
  readonly id: string
  /** Where it is reached by HTTP, past any balancer; undefined: only over the broker. */
  readonly url: URL | undefined
  /** What it has told of itself, by key; values as JSON has them. */
  readonly facts: ReadonlyMap<string, unknown>
}

/**
 * The nodes that are there. Each announces itself over the broker when it comes, when its facts change, and every few
 * seconds; one that has said goodbye, or was not heard for long, is gone.
 */
export interface ClusterNodes {
  /** This node's id. */
  readonly self: string
  /** All nodes that are there, this one too, in the order of their ids. */
  list(): readonly ClusterNode[]
  /** One that is there, or that has fallen silent: it may be there still, without its broker. */
  get(id: string): ClusterNode | undefined
  /** Who tells a fact of this key now, or told it last before falling silent. Looks at every node. */
  findFact(key: string): ClusterNode | undefined
  /** True for a node that has ended: it said goodbye, or it fell silent when another one came to its place. */
  isGone(id: string): boolean
  /** Tells a fact of this node to all others; replaces the former one of that key. Undefined takes it back. */
  announce(key: string, value: unknown): void
  /** Calls `changed` behind each change of the list or of the facts, until the returned function is called. */
  onChange(changed: () => void): () => void
}

/** One message between nodes. */
export interface NodeMessage {
  /** The node that has sent it: proved by its seal. */
  readonly from: string
  /** What it is about besides its body; as JSON has it. */
  readonly head: unknown
  readonly body: Uint8Array
  /**
   * How much longer it was on its way than others of that node lately, in ms, at least: it has waited for a broker that
   * was away. Whatever the clocks of the two nodes say.
   */
  readonly lateMs: number
}

/**
 * How the nodes of a cluster talk to each other, over topics of the broker that no client can name. Each message is
 * sealed with the secret of the cluster; a forged, altered, repeated or old one is dropped. Messages from one node arrive
 * in order; some may be lost while the broker is away (see `onMissed`).
 */
export interface Bus {
  readonly nodeId: string
  /** To one other node, or `'all'` others. Settles when the broker has it. */
  tell(to: string, kind: string, head: unknown, body?: Uint8Array): Settled
  /** Takes messages of a kind; one taker for each. Must not throw. */
  take(kind: string, taker: (message: NodeMessage) => void): void
  /** Asks one node, whose `answer` for that kind is the result. Rejects when it says nothing within `timeoutMs`, or is gone. */
  ask(to: string, kind: string, head: unknown, timeoutMs: number): Promise<unknown>
  /** Answers what other nodes `ask`. */
  answer(kind: string, answerer: (head: unknown, from: string) => unknown): void
  /** Calls `missed` when messages of others may have been lost. */
  onMissed(missed: () => void): void
}
