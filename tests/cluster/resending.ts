import { setTimeout as after } from 'node:timers/promises'
import type { ClusterClient } from './client.js'
import { textOf } from './ledger.js'

/** A publisher that sends again what got no RECEIPT, under a new number, so that each number is sent once. */
export interface ResendingPublisher {
  readonly name: string
  readonly destination: string
  /** The highest number that was sent. */
  readonly sent: number
  /** Numbers whose RECEIPT came. */
  readonly receipted: ReadonlySet<number>
  /** Numbers that were refused, or whose connection was lost before the RECEIPT. */
  readonly unanswered: ReadonlySet<number>
  /** Begins no more; resolves when everything has its RECEIPT. */
  end(): Promise<void>
}

/** How long it waits until it sends again what got no RECEIPT. */
const AGAIN_MS = 50

/** Starts to send persistent messages, one every `everyMs`, whether those before have their RECEIPT or not. */
export function startResending(
  name: string,
  client: ClusterClient,
  destination: string,
  everyMs: number,
): ResendingPublisher {
  const receipted = new Set<number>()
  const unanswered = new Set<number>()
  const pending = new Set<Promise<void>>()
  let sent = 0
  let isEnding = false
  const deliver = async (): Promise<void> => {
    for (;;) {
      const number = ++sent
      try {
        await client.sendReceipted(destination, textOf(name, number), { persistent: 'true' })
        receipted.add(number)
        return
      } catch {
        unanswered.add(number)
        await after(AGAIN_MS)
      }
    }
  }
  const loop = (async () => {
    while (!isEnding) {
      const delivery = deliver()
      pending.add(delivery)
      delivery.finally(() => pending.delete(delivery))
      await after(everyMs)
    }
  })()
  return {
    ...{ name, destination, receipted, unanswered },
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
