/** The ids of nodes that have ended for sure. No id is ever used again. */
export interface EndedNodes {
  add(id: string): void
  has(id: string): boolean
}

/** Makes an empty list; of more than `max` the oldest are forgotten. */
export function createEndedNodes(max = 1_024): EndedNodes {
  const ids = new Set<string>()
  return {
    add(id) {
      ids.add(id)
      for (const oldest of ids) {
        if (ids.size <= max) return
        ids.delete(oldest)
      }
    },
    has: (id) => ids.has(id),
  }
}
