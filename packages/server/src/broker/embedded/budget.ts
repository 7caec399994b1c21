/** What all queues and histories of a broker may keep together. */
export interface Budget {
  readonly used: number
  /** True if more is kept than it allows: `take` does not ask. */
  readonly isOver: boolean
  hasRoom(bytes: number): boolean
  take(bytes: number): void
  giveBack(bytes: number): void
}

/** Makes a budget of `maxBytes`. */
export function createBudget(maxBytes: number): Budget {
  let used = 0
  return {
    get used() {
      return used
    },
    get isOver() {
      return used > maxBytes
    },
    hasRoom: (bytes) => used + bytes <= maxBytes,
    take(bytes) {
      used += bytes
    },
    giveBack(bytes) {
      used -= bytes
    },
  }
}
