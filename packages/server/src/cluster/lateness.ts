/** When something was said or heard, by the two clocks of one node. */
export interface Moment {
  /** The time of day. */
  readonly epochMs: number
  /** Time that only runs forward. */
  readonly clockMs: number
}

/** How late messages of other nodes are, whatever their clocks say. */
export interface Lateness {
  /**
   * Notes a message. Tells how much longer it was on its way than the shortest one that its node has sent lately, by
   * either clock; so a clock that was set anew, or that stood still with its machine, makes nothing late.
   */
  note(from: string, said: Moment, heard: Moment): number
}

/** From then on a new shortest way is looked for: clocks drift apart. */
const PERIOD_MS = 60_000
/** Nodes that are told apart; the one that was heard first is forgotten. */
const MAX_NODES = 1_000

/** Makes the memory. */
export function createLateness(): Lateness {
  const ways = new Map<string, { readonly epoch: ShortestWay; readonly clock: ShortestWay }>()
  return {
    note(from, said, heard) {
      let way = ways.get(from)
      if (way === undefined) {
        if (ways.size >= MAX_NODES)
          for (const first of ways.keys()) {
            ways.delete(first)
            break
          }
        way = { epoch: new ShortestWay(), clock: new ShortestWay() }
        ways.set(from, way)
      }
      const lateMs = way.epoch.note(heard.epochMs - said.epochMs, heard.clockMs)
      return Math.min(lateMs, way.clock.note(heard.clockMs - said.clockMs, heard.clockMs))
    },
  }
}

/** The shortest way of this period and the one before: each is that way, and by how much two clocks are apart. */
class ShortestWay {
  #former = Number.POSITIVE_INFINITY
  #present = Number.POSITIVE_INFINITY
  #sinceMs = Number.NEGATIVE_INFINITY

  /** By how much this one is longer. */
  note(wayMs: number, nowMs: number): number {
    if (nowMs - this.#sinceMs >= PERIOD_MS) {
      // What was known before a node was away for long is known still when it is heard again.
      this.#former = this.#present
      this.#present = wayMs
      this.#sinceMs = nowMs
    } else this.#present = Math.min(this.#present, wayMs)
    return wayMs - Math.min(this.#former, this.#present)
  }
}
