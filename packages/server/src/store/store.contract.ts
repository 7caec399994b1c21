import { createHeaders } from '@hoofbeat/codec'
import type { ContractRunner } from '../broker/broker.contract.js'
import type { MessageStore, StoreChange, StoreContents, StoredMessage } from './message-store.js'

/** A place where a store is kept: new and empty for each test. */
export interface StorePlace {
  /** The store that is kept there, as a process that has just started would make it. May be the same object again. */
  store(): MessageStore
  /** After the test, when no store is open there. */
  remove(): Promise<void>
}

/** What the contract is given besides the runner. */
export interface StoreContract {
  readonly place: () => Promise<StorePlace>
}

/** What every message store behind the port must do. */
export function storeContract({ describe, it, expect }: ContractRunner, contract: StoreContract): void {
  const tries = (title: string, body: (place: StorePlace) => Promise<void>): void => {
    it(title, async () => {
      const place = await contract.place()
      try {
        await body(place)
      } finally {
        await place.remove()
      }
    })
  }

  /** Opens the store, does something with it, and closes it in any case. */
  const session = async (place: StorePlace, body: (store: MessageStore) => Promise<void> | void): Promise<void> => {
    const store = place.store()
    await store.open()
    try {
      await body(store)
    } finally {
      await store.close()
    }
  }

  /** What the next owner finds, as plain values. */
  const found = async (place: StorePlace): Promise<unknown> => {
    const store = place.store()
    const contents = await store.open()
    await store.close()
    return plain(contents)
  }

  /** Commits everything at once to a new store and tells what the next owner finds. */
  const afterCommit = async (place: StorePlace, changes: readonly StoreChange[]): Promise<unknown> => {
    await session(place, (store) => store.commit(changes))
    return await found(place)
  }

  describe('what a store keeps', () => {
    tries('is nothing at first, and a new store was closed', async (place) => {
      const contents = await place.store().open()
      expect(plain(contents)).toEqual({ entries: [], notes: [] })
      expect(contents.wasClosed).toEqual(true)
      await place.store().close()
    })

    tries('is a message with all its parts', async (place) => {
      const message: StoredMessage = {
        id: 'm-1 ß\u{1f434}\u0000',
        destination: '/queue/ä b',
        headers: createHeaders([
          ['x', '1'],
          ['', ''],
          ['x', 'zwei\n:\\'],
        ]),
        body: Uint8Array.from({ length: 5000 }, (_, index) => index % 256),
        publishedAtMs: 1_700_000_000_123.5,
        expiresAtMs: 1_800_000_000_000,
      }
      const change = {
        kind: 'add',
        shelf: 'durable\u0000alice\u{1f434}',
        position: 2 ** 53 - 1,
        message,
        deliveries: 7,
      }
      const contents = await afterCommit(place, [{ ...change, kind: 'add' }])
      expect(contents).toEqual({ entries: [plainEntry({ ...change })], notes: [] })
    })

    tries('is a message without headers, body or end', async (place) => {
      const message = { ...textMessage(''), headers: createHeaders() }
      const contents = await afterCommit(place, [{ kind: 'add', shelf: 'a', position: 0, message, deliveries: 0 }])
      expect(contents).toEqual({
        entries: [plainEntry({ shelf: 'a', position: 0, message, deliveries: 0 })],
        notes: [],
      })
    })

    tries('is ordered by position on each shelf', async (place) => {
      const positions = [3, 1, 1000, 20, 2 ** 40, 0]
      await session(place, async (store) => {
        for (const position of positions) await store.commit([add('a', position), add('b', position)])
      })
      const store = place.store()
      const { entries } = await store.open()
      await store.close()
      const of = (shelf: string) => entries.filter((entry) => entry.shelf === shelf).map(({ position }) => position)
      expect(of('a')).toEqual([0, 1, 3, 20, 1000, 2 ** 40])
      expect(of('b')).toEqual([0, 1, 3, 20, 1000, 2 ** 40])
    })

    tries('is one message on many shelves, each entry for itself', async (place) => {
      const message = textMessage('for all')
      const on = (shelf: string): StoreChange => ({ kind: 'add', shelf, position: 1, message, deliveries: 0 })
      await session(place, async (store) => {
        await store.commit([on('a'), on('b'), on('c')])
        await store.commit([
          { kind: 'remove', shelf: 'a', position: 1 },
          { kind: 'delivered', shelf: 'b', position: 1, deliveries: 2 },
        ])
      })
      const left = [
        plainEntry({ shelf: 'b', position: 1, message, deliveries: 2 }),
        plainEntry({ shelf: 'c', position: 1, message, deliveries: 0 }),
      ]
      expect(await found(place)).toEqual({ entries: left, notes: [] })
      await session(place, (store) => store.commit([{ kind: 'clear', shelf: 'b' }, remove('c', 1)]))
      expect(await found(place)).toEqual({ entries: [], notes: [] })
    })
  })

  describe('changes', () => {
    tries('of a delivery count stay, the last one counting', async (place) => {
      const contents = await afterCommit(place, [add('a', 1), add('a', 2), delivered('a', 1, 1), delivered('a', 1, 2)])
      expect(contents).toEqual({ entries: [entry('a', 1, 2), entry('a', 2)], notes: [] })
    })

    tries('that remove or count what is not there are harmless', async (place) => {
      const nothing: StoreChange[] = [remove('a', 1), delivered('a', 2, 1), { kind: 'clear', shelf: 'b' }]
      const contents = await afterCommit(place, [...nothing, add('a', 3), ...nothing])
      expect(contents).toEqual({ entries: [entry('a', 3)], notes: [] })
    })

    tries('clear one shelf and no other', async (place) => {
      await session(place, async (store) => {
        await store.commit([add('a', 1), add('a', 2), add('ab', 1), add('b', 1)])
        await store.commit([{ kind: 'clear', shelf: 'a' }, add('a', 5)])
      })
      expect(await found(place)).toEqual({ entries: [entry('a', 5), entry('ab', 1), entry('b', 1)], notes: [] })
    })

    tries('take effect in their order within a commit', async (place) => {
      const contents = await afterCommit(place, [
        ...[add('a', 1), remove('a', 1), delivered('a', 1, 3)],
        ...[add('a', 2), remove('a', 2), add('a', 2, 4)],
        ...[add('b', 1), { kind: 'clear', shelf: 'b' } as const, add('b', 2), remove('b', 2), add('b', 3)],
      ])
      expect(contents).toEqual({ entries: [entry('a', 2, 4), entry('b', 3)], notes: [] })
    })

    tries('put a message in the place of the one that lay there', async (place) => {
      const message = textMessage('second')
      await session(place, async (store) => {
        await store.commit([add('a', 1, 5)])
        await store.commit([{ kind: 'add', shelf: 'a', position: 1, message, deliveries: 0 }])
      })
      expect(await found(place)).toEqual({
        entries: [plainEntry({ shelf: 'a', position: 1, message, deliveries: 0 })],
        notes: [],
      })
    })

    tries('keep, replace and forget notes', async (place) => {
      const note = (name: string, text: string | undefined): StoreChange => ({ kind: 'note', name, text })
      await session(place, async (store) => {
        await store.commit([note('a', '1'), note('b', 'ä\u0000{"x":1}'), note('', ''), note('d', '4')])
        await store.commit([note('a', '2'), note('d', undefined), note('none', undefined)])
      })
      const notes = [
        ['', ''],
        ['a', '2'],
        ['b', 'ä\u0000{"x":1}'],
      ]
      expect(await found(place)).toEqual({ entries: [], notes })
    })
  })

  describe('commits', () => {
    tries('take effect and resolve in the order of the calls, those of later among them', async (place) => {
      const done: number[] = []
      await session(place, async (store) => {
        const commits = [1, 2, 3, 4, 5].map(async (step) => {
          store.later([delivered('a', step - 1, step)])
          await store.commit([add('a', step), remove('a', step - 2)])
          done.push(step)
        })
        await Promise.all(commits)
      })
      expect(done).toEqual([1, 2, 3, 4, 5])
      expect(await found(place)).toEqual({ entries: [entry('a', 4, 5), entry('a', 5)], notes: [] })
    })

    tries('may be empty', async (place) => {
      expect(await afterCommit(place, [])).toEqual({ entries: [], notes: [] })
    })

    tries('are kept with what later was given before a close, without anybody waiting', async (place) => {
      await session(place, async (store) => {
        const commit = store.commit([add('a', 1), add('a', 2)])
        store.later([remove('a', 1)])
        store.later([add('a', 3)])
        await store.close()
        await commit
      })
      expect(await found(place)).toEqual({ entries: [entry('a', 2), entry('a', 3)], notes: [] })
    })
  })

  describe('possession', () => {
    tries('ends with close, which may be repeated, and then commits are refused', async (place) => {
      const store = place.store()
      expect(await refusal(store.commit([]))).toEqual('STOMP_ERR_STORE_FAILED')
      await store.open()
      await store.close()
      await store.close()
      expect(await refusal(store.commit([add('a', 1)]))).toEqual('STOMP_ERR_STORE_FAILED')
      store.later([add('a', 2)])
      expect(await found(place)).toEqual({ entries: [], notes: [] })
    })

    tries('is had by one at a time', async (place) => {
      await session(place, async (store) => {
        expect(await refusal(store.open())).toEqual('STOMP_ERR_STORE_LOCKED')
        expect(await refusal(place.store().open())).toEqual('STOMP_ERR_STORE_LOCKED')
        await store.commit([add('a', 1)])
      })
      expect(await found(place)).toEqual({ entries: [entry('a', 1)], notes: [] })
    })

    tries('can be taken again by the same store', async (place) => {
      const store = place.store()
      for (const position of [1, 2]) {
        const { wasClosed } = await store.open()
        expect(wasClosed).toEqual(true)
        await store.commit([add('a', position)])
        await store.close()
      }
      expect(await found(place)).toEqual({ entries: [entry('a', 1), entry('a', 2)], notes: [] })
    })
  })
}

function textMessage(text: string): StoredMessage {
  const headers = createHeaders([['text', text]])
  const body = new TextEncoder().encode(text)
  return { id: `id-${text}`, destination: '/queue/a', headers, body, publishedAtMs: 1, expiresAtMs: undefined }
}

function add(shelf: string, position: number, deliveries = 0): StoreChange {
  return { kind: 'add', shelf, position, message: textMessage(`${shelf}:${position}`), deliveries }
}

function remove(shelf: string, position: number): StoreChange {
  return { kind: 'remove', shelf, position }
}

function delivered(shelf: string, position: number, deliveries: number): StoreChange {
  return { kind: 'delivered', shelf, position, deliveries }
}

/** What {@link add} leaves. */
function entry(shelf: string, position: number, deliveries = 0): unknown {
  return plainEntry({ shelf, position, message: textMessage(`${shelf}:${position}`), deliveries })
}

/** Contents as plain values, shelves and notes by name: whatever class headers and bodies are of. */
function plain({ entries, notes }: StoreContents): unknown {
  const byShelf = [...entries].sort((one, other) => (one.shelf < other.shelf ? -1 : Number(one.shelf > other.shelf)))
  return { entries: byShelf.map(plainEntry), notes: [...notes].sort() }
}

function plainEntry(entry: StoreContents['entries'][number]): unknown {
  const { shelf, position, deliveries, message } = entry
  const { id, destination, headers, body, publishedAtMs, expiresAtMs } = message
  const fields = { id, destination, publishedAtMs, expiresAtMs, headers: [...headers], body: [...body] }
  return { shelf, position, deliveries, ...fields }
}

/** The code with which something is refused, undefined if it is not. */
async function refusal(act: Promise<unknown>): Promise<unknown> {
  try {
    await act
    return undefined
  } catch (thrown) {
    return codeOf(thrown)
  }
}

function codeOf(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : thrown
}
