import { StompError } from '../../errors.js'
import type { Message } from '../../message/message.js'

/**
 * What a subscription to a topic cannot be given yet, in order: it has no credit, or it still reads what it had missed.
 * What had been missed is bounded by the history; what comes meanwhile, by the backlog.
 */
export interface Backlog {
  readonly size: number
  /** Adds what was missed. */
  replay(messages: readonly Waiting[]): void
  /** Adds one that has just been published. Throws STOMP_ERR_SLOW_READER if there are too many. */
  add(waiting: Waiting): void
  /** Takes the first one. */
  shift(): Waiting | undefined
}

/** One message that waits for a subscription. */
export interface Waiting {
  readonly message: Message
  /** When it is worth nothing any more, in ms since the epoch; undefined: never. */
  readonly expiresAtMs?: number | undefined
  readonly isAfterGap: boolean
}

/** Makes an empty backlog, for at most `maxMessages` that come while others wait. */
export function createBacklog(maxMessages: number): Backlog {
  let waiting: Waiting[] = []
  let first = 0
  let replayed = 0
  const size = (): number => waiting.length - first
  return {
    get size() {
      return size()
    },
    replay(messages) {
      for (const message of messages) waiting.push(message)
      replayed += messages.length
    },
    add(message) {
      if (size() - replayed >= maxMessages) {
        throw new StompError('STOMP_ERR_SLOW_READER', {
          message: 'More messages wait for this subscription than are kept for it',
          cure: 'Acknowledge sooner, subscribe with a greater prefetch-count, or subscribe with ack:auto.',
        })
      }
      waiting.push(message)
    },
    shift() {
      const next = waiting[first]
      if (next === undefined) return undefined
      first++
      if (replayed > 0) replayed--
      if (first > 64 && first * 2 > waiting.length) {
        waiting = waiting.slice(first)
        first = 0
      }
      return next
    },
  }
}
