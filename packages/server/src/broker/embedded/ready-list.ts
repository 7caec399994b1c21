import type { Selector } from '../selectors/selector.js'
import { createHeap } from './heap.js'
import { createLine, type Line } from './line.js'
import type { Consumer, QueueEntry } from './queue-entry.js'
import { isSelected } from './selected.js'

/** What of a queue one selector lets through, by place, and the consumers that have this selector. */
export interface ReadyList {
  /** Entries, those that have been given away meanwhile included. */
  readonly size: number
  readonly consumers: Set<Consumer>
  /** Consumers that may have credit, the one that has waited longest first. */
  readonly hungry: Line<Consumer>
  /** When it last served a consumer, in turns of the queue. */
  served: number
  /** Adds an entry, if the selector lets it through. */
  add(entry: QueueEntry): void
  /** The entry with the first place; it may have been given away. */
  first(): QueueEntry | undefined
  /** Drops the first entry. */
  drop(): void
  /** All entries that are really there, in no order. */
  entries(): QueueEntry[]
  /** Drops what is not there any more. */
  sift(): void
  /** Takes the consumer whose turn it is out of `hungry`; those without credit leave it too. */
  nextConsumer(): Consumer | undefined
}

/** Makes an empty list; without a selector everything gets through. */
export function createReadyList(selector: Selector | undefined): ReadyList {
  const heap = createHeap<QueueEntry>(({ position }) => position)
  const hungry = createLine<Consumer>()
  return {
    consumers: new Set(),
    hungry,
    served: 0,
    get size() {
      return heap.size
    },
    add(entry) {
      if (isSelected(selector, entry.held.message)) heap.push(entry)
    },
    first: () => heap.peek(),
    drop() {
      heap.pop()
    },
    entries() {
      heap.sift(isThere)
      return heap.items()
    },
    sift: () => heap.sift(isThere),
    nextConsumer() {
      let consumer = hungry.shift()
      while (consumer !== undefined && !consumer.hasCredit()) consumer = hungry.shift()
      return consumer
    },
  }
}

function isThere({ state }: QueueEntry): boolean {
  return state === 'ready'
}
