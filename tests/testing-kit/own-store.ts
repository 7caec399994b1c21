import { type MessageStore, StompError, type StoreChange, type StoredEntry } from '@hoofbeat/server'

/** Where an {@link openOwnStore} keeps its messages. */
export interface Shelves {
  readonly entries: Map<string, StoredEntry>
  readonly notes: Map<string, string>
  wasClosed: boolean
  isOpen: boolean
}

export const emptyShelves = (): Shelves => ({ entries: new Map(), notes: new Map(), wasClosed: true, isOpen: false })

/** A message store as an application might write one: the port comes from the published entry. */
export function openOwnStore(shelves: Shelves): MessageStore {
  const keyOf = ({ shelf, position }: { shelf: string; position: number }): string => JSON.stringify([shelf, position])
  const apply = (change: StoreChange): void => {
    switch (change.kind) {
      case 'add': {
        const { shelf, position, message, deliveries } = change
        shelves.entries.set(keyOf(change), { shelf, position, message, deliveries })
        return
      }
      case 'delivered': {
        const entry = shelves.entries.get(keyOf(change))
        if (entry) shelves.entries.set(keyOf(change), { ...entry, deliveries: change.deliveries })
        return
      }
      case 'remove':
        shelves.entries.delete(keyOf(change))
        return
      case 'clear':
        for (const entry of [...shelves.entries.values()])
          if (entry.shelf === change.shelf) shelves.entries.delete(keyOf(entry))
        return
      case 'note':
        if (change.text === undefined) shelves.notes.delete(change.name)
        else shelves.notes.set(change.name, change.text)
    }
  }
  return {
    async open() {
      if (shelves.isOpen) throw new StompError('STOMP_ERR_STORE_LOCKED')
      const entries = [...shelves.entries.values()].sort((one, other) => one.position - other.position)
      const contents = { entries, notes: new Map(shelves.notes), wasClosed: shelves.wasClosed }
      Object.assign(shelves, { isOpen: true, wasClosed: false })
      return contents
    },
    async commit(changes) {
      if (!shelves.isOpen) throw new StompError('STOMP_ERR_STORE_FAILED')
      changes.forEach(apply)
    },
    later(changes) {
      if (shelves.isOpen) changes.forEach(apply)
    },
    async close() {
      if (shelves.isOpen) Object.assign(shelves, { isOpen: false, wasClosed: true })
    },
  }
}
