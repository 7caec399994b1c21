/** The ids of nodes that have ended. No id is ever used again. */
export interface EndedNodes {
  /** `isSaid`: by itself, so that it is for ever; else another one has come to its place. */
  add(id: string, isSaid: boolean): void
  has(id: string): boolean
  /** One that has not said so itself: it is there after all once it is heard. */
  isReplaced(id: string): boolean
  delete(id: string): void
}

/** Makes an empty list; of more than `max` the oldest are forgotten. */
export function createEndedNodes(max = 1_024): EndedNodes {
  const ended = new Map<string, boolean>()
  return {
    add(id, isSaid) {
      ended.set(id, isSaid)
      for (const oldest of ended.keys()) {
        if (ended.size <= max) return
        ended.delete(oldest)
      }
    },
    has: (id) => ended.has(id),
    isReplaced: (id) => ended.get(id) === false,
    delete: (id) => void ended.delete(id),
  }
}
