import { firstNode, rankNodes } from './rendezvous.js'

/** How long after a change the nodes may see different ones, in ms. */
const SETTLE_MS = 5_000
/** So many former rings are kept within that time. */
const MAX_FORMER = 8

interface FormerRing {
  readonly ids: readonly string[]
  readonly untilMs: number
}

/** The nodes that share out the sessions of one path, now and shortly before. */
export class SessionRing {
  readonly #self: string
  readonly #now: () => number
  #ids: readonly string[] = []
  #former: FormerRing[] = []
  #hasLeft = false

  constructor(self: string, now: () => number) {
    this.#self = self
    this.#now = now
  }

  get ids(): readonly string[] {
    return this.#ids
  }

  /** True when the others have known the present nodes for a while. */
  get isSettled(): boolean {
    return this.#current().length === 0
  }

  /** True where there is nobody else, and was nobody shortly before. */
  get isAlone(): boolean {
    return this.#ids.length === 1 && this.#ids[0] === this.#self && this.isSettled
  }

  /** Takes the present nodes; true if these are others than before. */
  set(ids: readonly string[]): boolean {
    const present = this.#hasLeft ? ids.filter((id) => id !== this.#self) : ids
    if (present.length === this.#ids.length && present.every((id, at) => id === this.#ids[at])) return false
    const untilMs = this.#now() + SETTLE_MS
    const others = present.filter((id) => id !== this.#self)
    // Where it is we who are new, the others were there before without us.
    const hadOthers = this.#ids.some((id) => id !== this.#self)
    for (const former of hadOthers ? [this.#ids] : [this.#ids, others])
      if (former.length > 0) this.#former.push({ ids: former, untilMs })
    this.#former = this.#current().slice(-MAX_FORMER)
    this.#ids = present
    return true
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

  /** The other nodes that a session may have been with shortly before, and is not with now by its id. */
  formerOwners(session: string): string[] {
    if (this.#former.length === 0) return []
    const present = firstNode(session, this.#ids)
    const owners = new Set(this.#current().map(({ ids }) => firstNode(session, ids)))
    return [...owners].filter((id): id is string => id !== undefined && id !== present && id !== this.#self)
  }

  #current(): FormerRing[] {
    const nowMs = this.#now()
    if (this.#former.some(({ untilMs }) => untilMs <= nowMs))
      this.#former = this.#former.filter(({ untilMs }) => untilMs > nowMs)
    return this.#former
  }
}
