import { isPattern } from '../../destination/destination.js'

/**
 * Which subscriptions a published destination reaches: exact names in a map, patterns in a trie by segment. A lookup
 * costs the number of segments (and of the wildcards that match on the way), not the number of subscriptions.
 */
export interface SubscriptionIndex<S> {
  /** How many different destinations (patterns included) have a subscription. */
  readonly destinationCount: number
  /** What the patterns cost: one node for each segment that they do not share with another. 0 when there are none. */
  readonly nodeCount: number
  has(destination: string): boolean
  /** All of them, patterns included. */
  destinations(): readonly string[]
  /** How many subscriptions one destination or pattern has. */
  count(destination: string): number
  /** Harmless when repeated. */
  add(destination: string, segments: readonly string[], subscription: S): void
  /** Harmless when it is not there. */
  remove(destination: string, segments: readonly string[], subscription: S): void
  /**
   * Calls `visit` for each subscription once per destination or pattern it was added with. `visit` may remove
   * subscriptions: those not yet visited are then left out. `segments` hold no wildcard.
   */
  match(destination: string, segments: readonly string[], visit: (subscription: S) => void): void
}

/** Makes an empty index. */
export function createSubscriptionIndex<S>(): SubscriptionIndex<S> {
  return new TrieIndex<S>()
}

interface PatternNode<S> {
  readonly children: Map<string, PatternNode<S>>
  /** Subscriptions whose pattern ends here. */
  readonly here: Set<S>
}

class TrieIndex<S> implements SubscriptionIndex<S> {
  readonly #exact = new Map<string, Set<S>>()
  readonly #patterns: PatternNode<S> = createNode()
  readonly #patternCounts = new Map<string, number>()
  #nodeCount = 0

  get destinationCount(): number {
    return this.#exact.size + this.#patternCounts.size
  }

  get nodeCount(): number {
    return this.#nodeCount
  }

  has(destination: string): boolean {
    return this.#exact.has(destination) || this.#patternCounts.has(destination)
  }

  destinations(): readonly string[] {
    return [...this.#exact.keys(), ...this.#patternCounts.keys()]
  }

  count(destination: string): number {
    return this.#exact.get(destination)?.size ?? this.#patternCounts.get(destination) ?? 0
  }

  add(destination: string, segments: readonly string[], subscription: S): void {
    if (!isPattern(segments)) {
      const known = this.#exact.get(destination)
      if (known === undefined) this.#exact.set(destination, new Set([subscription]))
      else known.add(subscription)
      return
    }
    let node = this.#patterns
    for (const segment of segments) {
      let child = node.children.get(segment)
      if (child === undefined) {
        child = createNode()
        node.children.set(segment, child)
        this.#nodeCount++
      }
      node = child
    }
    if (node.here.has(subscription)) return
    node.here.add(subscription)
    this.#patternCounts.set(destination, (this.#patternCounts.get(destination) ?? 0) + 1)
  }

  remove(destination: string, segments: readonly string[], subscription: S): void {
    if (!isPattern(segments)) {
      const known = this.#exact.get(destination)
      known?.delete(subscription)
      if (known?.size === 0) this.#exact.delete(destination)
      return
    }
    if (!this.#removeFrom(this.#patterns, segments, 0, subscription)) return
    const count = (this.#patternCounts.get(destination) ?? 1) - 1
    if (count > 0) this.#patternCounts.set(destination, count)
    else this.#patternCounts.delete(destination)
  }

  match(destination: string, segments: readonly string[], visit: (subscription: S) => void): void {
    this.#exact.get(destination)?.forEach(visit)
    if (this.#patternCounts.size > 0) matchFrom(this.#patterns, segments, 0, visit)
  }

  /** Removes and prunes empty branches on the way back; false if it was not there. */
  #removeFrom(node: PatternNode<S>, segments: readonly string[], at: number, subscription: S): boolean {
    const segment = segments[at]
    if (segment === undefined) return node.here.delete(subscription)
    const child = node.children.get(segment)
    if (child === undefined || !this.#removeFrom(child, segments, at + 1, subscription)) return false
    if (child.here.size === 0 && child.children.size === 0) {
      node.children.delete(segment)
      this.#nodeCount--
    }
    return true
  }
}

function createNode<S>(): PatternNode<S> {
  return { children: new Map(), here: new Set() }
}

function matchFrom<S>(
  node: PatternNode<S>,
  segments: readonly string[],
  at: number,
  visit: (subscription: S) => void,
): void {
  node.children.get('**')?.here.forEach(visit)
  const segment = segments[at]
  if (segment === undefined) return node.here.forEach(visit)
  const exact = node.children.get(segment)
  if (exact !== undefined) matchFrom(exact, segments, at + 1, visit)
  const any = node.children.get('*')
  if (any !== undefined) matchFrom(any, segments, at + 1, visit)
}
