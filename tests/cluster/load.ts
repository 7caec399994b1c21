import { setTimeout as after } from 'node:timers/promises'
import { textOf } from './ledger.js'

/** One publisher that goes on until it is ended, and is told of every message that the broker has it. */
export interface Publisher {
  readonly name: string
  /** How many were sent. */
  readonly sent: number
  /** Whose RECEIPT came, or the answer that stands for it. */
  readonly receipted: ReadonlySet<number>
  /** Those that were refused, or whose connection was lost before the RECEIPT. */
  readonly unanswered: ReadonlySet<number>
  /** Sends no more; resolves when every message is receipted or will never be. */
  end(): Promise<void>
}

/**
 * Starts to publish, one message every `everyMs`, whether those before have their RECEIPT or not. `publish` resolves at the
 * RECEIPT.
 */
export function startPublisher(name: string, publish: (text: string) => Promise<unknown>, everyMs: number): Publisher {
  const receipted = new Set<number>()
  const unanswered = new Set<number>()
  const pending = new Set<Promise<unknown>>()
  let sent = 0
  let isEnding = false
  const loop = (async () => {
    while (!isEnding) {
      const number = ++sent
      const answer = publish(textOf(name, number)).then(
        () => receipted.add(number),
        () => unanswered.add(number),
      )
      pending.add(answer)
      answer.finally(() => pending.delete(answer))
      await after(everyMs)
    }
  })()
  return {
    ...{ name, receipted, unanswered },
    get sent() {
      return sent
    },
    async end() {
      isEnding = true
      await loop
      await Promise.all(pending)
    },
  }
}
