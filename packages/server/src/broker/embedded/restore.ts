import { createMessage } from '../../message/message.js'
import type { StoreChange, StoreContents } from '../../store/message-store.js'
import { type DurableSubscriptions, isDurableName } from './durable-subscriptions.js'
import { heldAgain } from './held-message.js'
import { HISTORY_SHELF } from './histories.js'
import { gapNote, readGapNotes } from './queue-gaps.js'
import type { QueueTable } from './queue-table.js'
import type { Topics } from './topics.js'

/** Note of the places behind which histories may lack something: each crash adds one. */
const GAPS = 'history-gaps'

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
 * the store knowing: then each is marked as redelivered, and each history has a gap at its end, over later restarts too.
 * Returns the last place.
 */
export function restore({ entries, notes, wasClosed }: StoreContents, parts: RestoreParts): number {
  const { queues, topics, durables } = parts
  const uncertainUpTo = wasClosed ? Number(notes.get(UNCERTAIN_UP_TO) ?? 0) : Number.POSITIVE_INFINITY
  const knownGaps = readGaps(notes.get(GAPS))
  const queueGaps = readGapNotes(notes)
  let last = Math.max(0, ...knownGaps)
  for (const list of queueGaps.values()) last = Math.max(last, ...list)
  let oldestKept = Number.POSITIVE_INFINITY
  let uncertain = 0
  durables.restore(notes, parts.segmentsOf)
  /** What comes back to a queue from this place on says where messages before it are missing. */
  const markGaps = (name: string, before: number): void => {
    const list = queueGaps.get(name) ?? []
    const end = list.findIndex((gap) => gap > before)
    for (const gap of list.splice(0, end < 0 ? list.length : end)) {
      if (durables.get(name)?.queue.gaps.add(gap) !== true) parts.storeLater([gapNote(name, gap, false)])
    }
  }
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
      const queue = queues.open(shelf)
      markGaps(shelf, position)
      queues.restore(queue, entry, held, isUncertain)
      continue
    }
    const topic = shelf.slice(HISTORY_SHELF.length)
    // No history is kept there any more: the options have changed.
    if (topics.restore(topic, parts.segmentsOf(topic), position, held)) oldestKept = Math.min(oldestKept, position)
    else parts.storeLater([{ kind: 'clear', shelf }])
  }
  for (const name of queueGaps.keys()) markGaps(name, Number.POSITIVE_INFINITY)
  const gaps = [...new Set(wasClosed ? knownGaps : [...knownGaps, last])].filter((gap) => gap >= oldestKept)
  topics.markGaps(gaps)
  const gapsText = gaps.length === 0 ? undefined : JSON.stringify(gaps)
  if (gapsText !== notes.get(GAPS)) parts.storeLater([{ kind: 'note', name: GAPS, text: gapsText }])
  const text = uncertain === 0 ? undefined : String(uncertain)
  if (text !== notes.get(UNCERTAIN_UP_TO)) parts.storeLater([{ kind: 'note', name: UNCERTAIN_UP_TO, text }])
  return last
}

function readGaps(text = '[]'): readonly number[] {
  // Written by `restore`, and checked by the store.
  return JSON.parse(text) as number[]
}
