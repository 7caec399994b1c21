import { setTimeout as after } from 'node:timers/promises'
import type { ClusterClient } from './client.js'
import { textOf } from './ledger.js'

/** One publisher that goes on until it is ended, every message with a RECEIPT. */
export interface Publisher {
  readonly name: string
  readonly client: ClusterClient
  /** How many were sent. */
  readonly sent: number
  /** Whose RECEIPT came. */
  readonly receipted: ReadonlySet<number>
  /** Those that were refused, or whose connection was lost before the RECEIPT. */
  readonly unanswered: ReadonlySet<number>
  /** Sends no more; resolves when every message is receipted or will never be. */
  end(): Promise<void>
}

/** Starts to send persistent messages, one every `everyMs`, whether those before have their RECEIPT or not. */
export function startPublisher(name: string, client: ClusterClient, destination: string, everyMs: number): Publisher {
  const receipted = new Set<number>()
  const unanswered = new Set<number>()
  const pending = new Set<Promise<unknown>>()
  let sent = 0
  let isEnding = false
  const loop = (async () => {
    while (!isEnding) {
      const number = ++sent
      const answer = client.sendReceipted(destination, textOf(name, number), { persistent: 'true' }).then(
        () => receipted.add(number),
        () => unanswered.add(number),
      )
      pending.add(answer)
      answer.finally(() => pending.delete(answer))
      await after(everyMs)
    }
  })()
  return {
    ...{ name, client, receipted, unanswered },
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
