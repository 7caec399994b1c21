import type { ClusterNodes } from './cluster.js'

/** What it goes by. */
export interface SilentNodesParts {
  readonly nodes: Pick<ClusterNodes, 'list' | 'get' | 'isGone'>
  readonly now: () => number
}

/** How long a node that has fallen silent, but has an address, is still asked there: it may be without its broker only. */
const SILENT_MS = 60_000

/** Nodes that tell a fact, have fallen silent, and count for a while still. */
export class SilentNodes {
  readonly #fact: string
  readonly #parts: SilentNodesParts
  /** Until when each counts. */
  readonly #untilMs = new Map<string, number>()

  constructor(fact: string, parts: SilentNodesParts) {
    this.#fact = fact
    this.#parts = parts
  }

  /** True when it is to be looked again: one of them counts no more. */
  get isOver(): boolean {
    if (this.#untilMs.size === 0) return false
    const nowMs = this.#parts.now()
    return [...this.#untilMs.values()].some((untilMs) => untilMs <= nowMs)
  }

  /** Those among the ones that counted before. `present`: the ones that are heard. */
  look(before: readonly string[], present: readonly string[]): string[] {
    const { nodes, now } = this.#parts
    const nowMs = now()
    const heard = new Set(nodes.list().map(({ id }) => id))
    for (const id of before) {
      const node = heard.has(id) || nodes.isGone(id) ? undefined : nodes.get(id)
      const isAsked = node?.url !== undefined && node.facts.has(this.#fact)
      if (!isAsked) this.#untilMs.delete(id)
      else if (!this.#untilMs.has(id)) this.#untilMs.set(id, nowMs + SILENT_MS)
    }
    for (const [id, untilMs] of this.#untilMs) if (untilMs <= nowMs || present.includes(id)) this.#untilMs.delete(id)
    return [...this.#untilMs.keys()]
  }
}
