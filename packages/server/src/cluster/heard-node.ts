import type { ClusterNode } from './cluster.js'

const NO_FACTS: ReadonlyMap<string, unknown> = new Map()

/** A node, and when it was heard last. */
export class HeardNode implements ClusterNode {
  readonly id: string
  readonly url: URL | undefined
  readonly #facts: () => ReadonlyMap<string, unknown> | undefined
  /** By the clock of this node; moved on while this node itself hears nothing. */
  heardMs: number
  /** It was not heard for long: it is not in the list. */
  isSilent = false
  /** Another one is there at the same place: this one has ended, unless it is heard again. */
  isReplaced = false

  constructor(
    id: string,
    url: URL | undefined,
    heardMs: number,
    facts: () => ReadonlyMap<string, unknown> | undefined,
  ) {
    this.id = id
    this.url = url
    this.heardMs = heardMs
    this.#facts = facts
  }

  get facts(): ReadonlyMap<string, unknown> {
    return this.#facts() ?? NO_FACTS
  }
}
