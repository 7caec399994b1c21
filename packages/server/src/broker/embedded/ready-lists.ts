import type { Consumer, QueueEntry } from './queue-entry.js'
import { createReadyList, type ReadyList } from './ready-list.js'

/** What waits in one queue and who waits for it: one list for each different selector. */
export interface ReadyLists {
  /** The list of consumers without a selector: holds every entry, and is always there. */
  readonly all: ReadyList
  /** Adds an entry to each list that lets it through. */
  add(entry: QueueEntry): void
  /** A new consumer, with credit. */
  addConsumer(consumer: Consumer): void
  removeConsumer(consumer: Consumer): void
  /** The list in which this consumer stands; undefined if it has been removed. */
  listOf(consumer: Consumer): ReadyList | undefined
  /**
   * The list whose first entry is the oldest that a consumer may be given; of two with the same, the one that was served
   * longest ago. `first` looks a list's first entry up.
   */
  next(first: (list: ReadyList) => QueueEntry | undefined): ReadyList | undefined
  /** Entries that one list has given away stay behind in the others: not many more of them than of those that wait. */
  tidy(depth: number): void
}

/** Makes lists for an empty queue. */
export function createReadyLists(): ReadyLists {
  const all = createReadyList(undefined)
  const lists = new Map<string | undefined, ReadyList>([[undefined, all]])
  return {
    all,
    add(entry) {
      for (const list of lists.values()) list.add(entry)
    },
    addConsumer(consumer) {
      const key = consumer.selector?.text
      let list = lists.get(key)
      if (list === undefined) {
        list = createReadyList(consumer.selector)
        for (const entry of all.entries()) list.add(entry)
        lists.set(key, list)
      }
      list.consumers.add(consumer)
      list.hungry.add(consumer)
    },
    removeConsumer(consumer) {
      const key = consumer.selector?.text
      const list = lists.get(key)
      list?.consumers.delete(consumer)
      list?.hungry.delete(consumer)
      if (key !== undefined && list?.consumers.size === 0) lists.delete(key)
    },
    listOf: (consumer) => lists.get(consumer.selector?.text),
    next(first) {
      let best: ReadyList | undefined
      let bestPosition = 0
      for (const list of lists.values()) {
        if (list.hungry.size === 0) continue
        const position = first(list)?.position
        if (position === undefined || (best !== undefined && position > bestPosition)) continue
        if (best !== undefined && position === bestPosition && list.served > best.served) continue
        best = list
        bestPosition = position
      }
      return best
    },
    tidy(depth) {
      for (const list of lists.values()) if (list.size > 2 * depth + 64) list.sift()
    },
  }
}
