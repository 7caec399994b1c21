import type { StoreChange } from '../../store/message-store.js'
import { INNER } from '../broker.js'
import { type HeldMessage, toStored } from './held-message.js'
import type { QueueEntry } from './queue-entry.js'
import { gapNote } from './queue-gaps.js'

/** What the store is told of queues: nothing where there is none. */
export interface QueueRecords {
  /** A new entry. */
  addition(queue: string, entry: QueueEntry): readonly StoreChange[]
  /** An entry was given once more. */
  delivery(queue: string, entry: QueueEntry): readonly StoreChange[]
  /** An entry leaves; what it would have told is still to be told. */
  removal(queue: string, entry: QueueEntry): readonly StoreChange[]
  /** An entry is acknowledged: what it has told is told. */
  acknowledgement(queue: string, entry: QueueEntry): readonly StoreChange[]
  /** Messages are missing at this place, or nothing is to be told of that any more. */
  gap(queue: string, gap: number, isOpen: boolean): readonly StoreChange[]
}

const NOTHING: readonly StoreChange[] = []

/** Makes the records of all queues; `isStored`: there is a store. */
export function createQueueRecords(isStored: boolean): QueueRecords {
  const isKept = (queue: string, { isPersistent }: HeldMessage): boolean =>
    isStored && isPersistent && !queue.startsWith(INNER)
  const gap = (queue: string, place: number, isOpen: boolean): readonly StoreChange[] =>
    isStored ? [gapNote(queue, place, isOpen)] : NOTHING
  const removal = (queue: string, { held, position }: QueueEntry): readonly StoreChange[] =>
    isKept(queue, held) ? [{ kind: 'remove', shelf: queue, position }] : NOTHING
  return {
    addition: (queue, { held, position }) =>
      isKept(queue, held) ? [{ kind: 'add', shelf: queue, position, message: toStored(held), deliveries: 0 }] : NOTHING,
    delivery: (queue, { held, position, deliveries }) =>
      isKept(queue, held) ? [{ kind: 'delivered', shelf: queue, position, deliveries }] : NOTHING,
    removal,
    acknowledgement: (queue, entry) =>
      entry.gap === undefined ? removal(queue, entry) : [...removal(queue, entry), ...gap(queue, entry.gap, false)],
    gap,
  }
}
