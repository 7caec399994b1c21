import { createMessage } from '../../message/message.js'
import type { StoreChange, StoreContents } from '../../store/message-store.js'
import { type DurableSubscriptions, isDurableName } from './durable-subscriptions.js'
import { heldAgain } from './held-message.js'
import { HISTORY_SHELF } from './histories.js'
import type { QueueTable } from './queue-table.js'
import type { Topics } from './topics.js'

/** Where what comes back belongs. */
export interface RestoreParts {
  readonly queues: QueueTable
  readonly topics: Topics
  readonly durables: DurableSubscriptions
  readonly segmentsOf: (destination: string) => readonly string[]
  readonly storeLater: (changes: readonly StoreChange[]) => void
}

/** Name of the note that says up to which place messages may have been delivered more often than is known. */
const UNCERTAIN_UP_TO = 'uncertain-up-to'

/**
 * Brings back what a store has kept. After a crash messages may have been delivered, or acknowledged by `auto`, without
 * the store knowing: then each is marked as redelivered, over later restarts too, and each history has a gap at its end.
 * Returns the last place.
 */
export function restore({ entries, notes, wasClosed }: StoreContents, parts: RestoreParts): number {
  const { queues, topics, durables } = parts
  const uncertainUpTo = wasClosed ? Number(notes.get(UNCERTAIN_UP_TO) ?? 0) : Number.POSITIVE_INFINITY
  let last = 0
  let uncertain = 0
  durables.restore(notes, parts.segmentsOf)
  for (const entry of entries) {
    const { shelf, position, message: stored } = entry
    last = Math.max(last, position)
    const { id, destination, headers, body } = stored
    const held = heldAgain(createMessage({ id, destination, headers, body }), stored)
    if (!shelf.startsWith(HISTORY_SHELF)) {
      // Of a subscription that was refused just before a crash.
      if (isDurableName(shelf) && durables.get(shelf) === undefined) {
        parts.storeLater([{ kind: 'clear', shelf }])
        continue
      }
      const isUncertain = position <= uncertainUpTo
      if (isUncertain) uncertain = Math.max(uncertain, position)
      queues.restore(queues.open(shelf), entry, held, isUncertain)
      continue
    }
    const topic = shelf.slice(HISTORY_SHELF.length)
    // No history is kept there any more: the options have changed.
    if (!topics.restore(topic, parts.segmentsOf(topic), position, held)) parts.storeLater([{ kind: 'clear', shelf }])
  }
  if (!wasClosed) topics.markGaps()
  const text = uncertain === 0 ? undefined : String(uncertain)
  if (text !== notes.get(UNCERTAIN_UP_TO)) parts.storeLater([{ kind: 'note', name: UNCERTAIN_UP_TO, text }])
  return last
}
