import { firstNode, rankNodes } from './rendezvous.js'

/** How long after a change the nodes may see different ones, in ms. */
const SETTLE_MS = 5_000

/** The nodes that share out the sessions of one path. */
export class SessionRing {
  readonly #self: string
  readonly #now: () => number
  #ids: readonly string[] = []
  #settledMs = Number.NEGATIVE_INFINITY
  #hasLeft = false

  constructor(self: string, now: () => number) {
    this.#self = self
    this.#now = now
  }

  get ids(): readonly string[] {
    return this.#ids
  }

  /** True when the nodes have known each other for a while. */
  get isSettled(): boolean {
    return this.#now() >= this.#settledMs
  }

  /** True where there is nobody else, and was nobody shortly before. */
  get isAlone(): boolean {
    return this.#ids.length === 1 && this.#ids[0] === this.#self && this.isSettled
  }

  /** Takes the present nodes; true if these are others than before. */
  set(ids: readonly string[]): boolean {
    const present = this.#hasLeft ? ids.filter((id) => id !== this.#self) : ids
    if (present.length === this.#ids.length && present.every((id, at) => id === this.#ids[at])) return false
    this.#ids = present
    this.begin()
    return true
  }

  /** Others may not have been heard of yet. */
  begin(): void {
    this.#settledMs = this.#now() + SETTLE_MS
  }

  /** We take no sessions any more. */
  leave(): void {
    this.#hasLeft = true
    this.set(this.#ids)
  }

  /** The nodes in the order in which a session is theirs. */
  rank(session: string): string[] {
    return rankNodes(session, this.#ids)
  }

  isOurs(session: string): boolean {
    return firstNode(session, this.#ids) === this.#self
  }
}
