import { StompError } from '../../errors.js'
import type { BrokerParts } from '../broker-factory.js'

/** What the deadline of one subscription goes by. */
export interface AnswerDeadlineParts {
  readonly after: BrokerParts['after']
  readonly now: () => number
  /** How long a message may stay unanswered, in ms. */
  readonly withinMs: number
  /** When the oldest came that is unanswered; undefined: there is none. */
  readonly oldestMs: () => number | undefined
  readonly missed: (error: StompError) => void
}

/**
 * Ends a subscription whose client keeps a message and answers nothing, before its broker does: that would end the
 * connection, with the sessions of all who share it.
 */
export class AnswerDeadline {
  readonly #parts: AnswerDeadlineParts
  #timer: { cancel(): void } | undefined

  constructor(parts: AnswerDeadlineParts) {
    this.#parts = parts
  }

  /** Something is unanswered from now on. */
  watch(): void {
    if (this.#timer === undefined) this.#arm(this.#parts.withinMs)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(delayMs: number): void {
    const { after, now, withinMs, oldestMs, missed } = this.#parts
    this.#timer = after(delayMs, () => {
      this.#timer = undefined
      const oldest = oldestMs()
      if (oldest === undefined) return
      const leftMs = oldest + withinMs - now()
      if (leftMs > 0) return this.#arm(leftMs)
      missed(
        new StompError('STOMP_ERR_SLOW_READER', {
          message: `A message was not acknowledged within ${Math.floor(withinMs / 60_000)} minutes`,
          cure: 'Acknowledge sooner, or ask for fewer messages at a time by prefetch-count. The message goes back to its queue.',
        }),
      )
    })
  }
}
