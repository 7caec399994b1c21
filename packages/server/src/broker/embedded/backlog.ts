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
  return new ArrayBacklog(maxMessages)
}

class ArrayBacklog implements Backlog {
  readonly #maxMessages: number
  #waiting: Waiting[] = []
  #first = 0
  /** How many of those that wait were missed. */
  #replayed = 0

  constructor(maxMessages: number) {
    this.#maxMessages = maxMessages
  }

  get size(): number {
    return this.#waiting.length - this.#first
  }

  replay(messages: readonly Waiting[]): void {
    for (const message of messages) this.#waiting.push(message)
    this.#replayed += messages.length
  }

  add(message: Waiting): void {
    if (this.size - this.#replayed >= this.#maxMessages) {
      throw new StompError('STOMP_ERR_SLOW_READER', {
        message: 'More messages wait for this subscription than are kept for it',
        cure: 'Acknowledge sooner, subscribe with a greater prefetch-count, or subscribe with ack:auto.',
      })
    }
    this.#waiting.push(message)
  }

  shift(): Waiting | undefined {
    const next = this.#waiting[this.#first]
    if (next === undefined) return undefined
    this.#first++
    if (this.#replayed > 0) this.#replayed--
    if (this.#first > 64 && this.#first * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first)
      this.#first = 0
    }
    return next
  }
}
