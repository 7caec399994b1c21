import type { Budget } from './budget.js'

/** How much one queue may keep. */
export interface QueueBounds {
  readonly maxMessages: number
  readonly maxBytes: number
}

/** The books of one queue: what is kept in it, waiting, given, or still on its way in. */
export interface QueueRoom {
  readonly count: number
  readonly bytes: number
  /** True if more is kept than the bounds allow: `take` does not ask. */
  readonly isOver: boolean
  /** True if a message of that size could be kept as well. */
  hasRoom(bytes: number): boolean
  /** True if a message of that size could be kept if the queue were empty. */
  mayEverHold(bytes: number): boolean
  /** One message more, whatever the bounds say. */
  take(bytes: number): void
  /** One message less. */
  giveBack(bytes: number): void
}

/** Makes the books of an empty queue; its bytes count in `budget` too. */
export function createQueueRoom({ maxMessages, maxBytes }: QueueBounds, budget: Budget): QueueRoom {
  let count = 0
  let used = 0
  return {
    get count() {
      return count
    },
    get bytes() {
      return used
    },
    get isOver() {
      return count > maxMessages || used > maxBytes
    },
    hasRoom: (bytes) => count < maxMessages && used + bytes <= maxBytes && budget.hasRoom(bytes),
    mayEverHold: (bytes) => bytes <= maxBytes,
    take(bytes) {
      count++
      used += bytes
      budget.take(bytes)
    },
    giveBack(bytes) {
      count--
      used -= bytes
      budget.giveBack(bytes)
    },
  }
}
