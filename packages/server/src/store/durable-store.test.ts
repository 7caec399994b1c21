import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createHeaders } from '@hoofbeat/codec'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { StompError } from '../errors.js'
import { repairDurableStore } from './durable-repair.js'
import { durableStore } from './durable-store.js'
import type { MessageStore, StoreChange, StoredMessage } from './message-store.js'
import { storeContract } from './store.contract.js'

// Every opening starts a thread, and every commit waits for a disk that others may be using.
vi.setConfig({ testTimeout: 60_000 })

storeContract(
  { describe, it, expect },
  {
    place: async () => {
      const directory = await mkdtemp(join(tmpdir(), 'hoofbeat-store-'))
      return {
        store: () => durableStore({ directory }),
        remove: () => rm(directory, { recursive: true, force: true }),
      }
    },
  },
)

let base: string
let directory: string
const opened: MessageStore[] = []

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'hoofbeat-store-'))
  directory = join(base, 'store')
})

afterEach(async () => {
  await Promise.allSettled(opened.splice(0).map((store) => store.close()))
  await rm(base, { recursive: true, force: true })
})

interface Options {
  readonly at?: string
  readonly maxBytes?: number
  readonly onLost?: (error: StompError, changes: readonly StoreChange[]) => void
}

async function open({ at = directory, ...options }: Options = {}) {
  const store = durableStore({ directory: at, ...options })
  opened.push(store)
  return { store, contents: await store.open() }
}

function messageOf(position: number, body: Uint8Array): StoredMessage {
  const headers = createHeaders([['n', `${position}`]])
  return { id: `m${position}`, destination: '/queue/a', headers, body, publishedAtMs: 1, expiresAtMs: undefined }
}

function add(position: number, body: string | Uint8Array = `body ${position}`, shelf = '/queue/a'): StoreChange {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  return { kind: 'add', shelf, position, message: messageOf(position, bytes), deliveries: 0 }
}

function remove(position: number): StoreChange {
  return { kind: 'remove', shelf: '/queue/a', position }
}

async function positions(at = directory): Promise<number[]> {
  const { store, contents } = await open({ at })
  await store.close()
  return contents.entries.map(({ position }) => position)
}

/** A copy of what is on disk now, as a process leaves it that is killed now. */
async function killed(): Promise<string> {
  const copy = join(base, 'killed')
  await cp(directory, copy, { recursive: true })
  return copy
}

describe('after a kill', () => {
  it('everything is there whose commit had resolved, and the next owner is told that nobody closed', async () => {
    const { store } = await open()
    for (const position of [1, 2, 3]) await store.commit([add(position)])
    store.later([remove(1)])
    await store.commit([])
    const { contents } = await open({ at: await killed() })
    expect(contents.entries.map(({ position }) => position)).toEqual([2, 3])
    expect(contents.wasClosed).toBe(false)
  })

  it('what later was given is there a little later, without any commit', async () => {
    const { store } = await open()
    store.later([add(7)])
    // The store's own timer; nothing tells when it is through, so look until it is.
    let found: number[] = []
    for (let tries = 0; tries < 200 && found.length === 0; tries += 1) {
      await rm(join(base, 'killed'), { recursive: true, force: true })
      found = await positions(await killed()).catch(() => [])
    }
    expect(found).toEqual([7])
  })
})

describe('possession', () => {
  it('is refused to a second store in the same process, with the name of the directory', async () => {
    await open()
    await expect(open()).rejects.toMatchObject({
      code: 'STOMP_ERR_STORE_LOCKED',
      message: expect.stringContaining(directory),
    })
  })

  it('is refused to another process until this one lets go', async () => {
    const { store } = await open()
    await store.commit([add(1)])
    expect(await openElsewhere()).toBe('locked')
    await store.close()
    expect(await openElsewhere()).toBe('opened 1')
  })

  it('is refused for a directory that cannot be', async () => {
    const file = join(base, 'file')
    await writeFile(file, '')
    await expect(open({ at: join(file, 'store') })).rejects.toMatchObject({ code: 'STOMP_ERR_STORE_FAILED' })
  })

  it('is refused when it is closed while it opens', async () => {
    const store = durableStore({ directory })
    const opening = store.open()
    await store.close()
    await opening
    await expect(store.commit([add(1)])).rejects.toMatchObject({ code: 'STOMP_ERR_STORE_FAILED' })
    expect(await positions()).toEqual([])
  })

  /** What a process of its own finds when it opens the store. */
  async function openElsewhere(): Promise<string> {
    const ledger = fileURLToPath(new URL('./ledger/ledger.js', import.meta.url))
    const script = `
      const { loadDriver, openLedger } = await import(${JSON.stringify(ledger)})
      let entries = 0
      const reader = { message: () => {}, entry: () => { entries += 1 }, note: () => {} }
      try {
        const options = { directory: ${JSON.stringify(directory)}, maxBytes: undefined }
        openLedger(await loadDriver(), options, reader).close()
        process.stdout.write('opened ' + entries)
      } catch (thrown) {
        process.stdout.write(String(thrown.kind))
      }
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
    return stdout
  }
})

describe('a store that is full', () => {
  const maxBytes = 256 * 1024
  const large = new Uint8Array(10_000).fill(7)

  it('refuses what does not fit, keeps what it had, and works on when there is room', async () => {
    const { store } = await open({ maxBytes })
    const kept: number[] = []
    let refusal: unknown
    for (let position = 0; refusal === undefined && position < 100; position += 1) {
      await store.commit([add(position, large)]).then(
        () => kept.push(position),
        (error: unknown) => {
          refusal = error
        },
      )
    }
    expect(refusal).toMatchObject({ code: 'STOMP_ERR_STORE_FULL' })
    expect(kept.length).toBeGreaterThan(10)
    expect((await stat(join(directory, 'messages.db'))).size).toBeLessThanOrEqual(maxBytes)
    expect(await positions(await killed())).toEqual(kept)

    await store.commit([{ kind: 'delivered', shelf: '/queue/a', position: 1, deliveries: 1 }, remove(0)])
    await store.commit([add(1000, large)])
    await store.close()
    expect(await positions()).toEqual([...kept.slice(1), 1000])
  })

  it('takes of many commits that wait together those that fit, each as a whole and in order', async () => {
    const { store } = await open({ maxBytes })
    const commits = Array.from({ length: 60 }, (_, index) =>
      // Every third is too large in any case.
      store.commit([add(index, index % 3 === 2 ? new Uint8Array(maxBytes) : large), add(index, 'b', '/queue/b')]),
    )
    const outcomes = await Promise.allSettled(commits)
    const fulfilled = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
    expect(fulfilled.length).toBeGreaterThan(10)
    expect(fulfilled.some((index) => index % 3 === 2)).toBe(false)
    expect(fulfilled.slice(0, 4)).toEqual([0, 1, 3, 4])
    await store.close()
    const { contents } = await open()
    const on = (shelf: string) => contents.entries.filter((entry) => entry.shelf === shelf)
    expect(on('/queue/a').map(({ position }) => position)).toEqual(fulfilled)
    expect(on('/queue/b').map(({ position }) => position)).toEqual(fulfilled)
  })

  it('tells what later was given and is lost', async () => {
    const lost: unknown[] = []
    const { store } = await open({ maxBytes, onLost: (error, changes) => lost.push([error.code, changes]) })
    const changes = [add(1, new Uint8Array(maxBytes))]
    store.later(changes)
    await store.commit([add(2)])
    expect(lost).toEqual([['STOMP_ERR_STORE_FULL', changes]])
    await store.close()
    expect(await positions()).toEqual([2])
  })

  it('needs no room for what is removed before it was written', async () => {
    const { store } = await open({ maxBytes })
    const commits = Array.from({ length: 100 }, (_, index) => [
      store.commit([add(index, large)]),
      store.commit([remove(index)]),
    ])
    await Promise.all(commits.flat())
    await store.close()
    expect(await positions()).toEqual([])
    expect((await stat(join(directory, 'messages.db'))).size).toBeLessThan(64 * 1024)
  })
})

describe('a message on many shelves', () => {
  it('is stored once', async () => {
    const { store } = await open()
    const message = messageOf(1, new Uint8Array(100_000).fill(1))
    const shelves = Array.from({ length: 50 }, (_, index) => `shelf ${index}`)
    await store.commit(shelves.map((shelf) => ({ kind: 'add', shelf, position: 1, message, deliveries: 0 })))
    await store.close()
    expect((await stat(join(directory, 'messages.db'))).size).toBeLessThan(200_000)
    const { contents } = await open()
    expect(contents.entries).toHaveLength(50)
    expect(new Set(contents.entries.map(({ message }) => message)).size).toBe(1)
  })
})

describe('a store that cannot be trusted', () => {
  const damage = async (find: string, replacement: string) => {
    const path = join(directory, 'messages.db')
    const bytes = await readFile(path)
    expect(bytes.includes(find)).toBe(true)
    bytes.write(replacement, bytes.indexOf(find))
    await writeFile(path, bytes)
  }

  const filled = async () => {
    const { store } = await open()
    for (const position of [1, 2, 3]) await store.commit([add(position), { kind: 'note', name: 'n', text: 'kept' }])
    await store.close()
  }

  it('is refused with the name of what is wrong, and not changed', async () => {
    await filled()
    await damage('body 2', 'body 9')
    const before = await readFile(join(directory, 'messages.db'))
    await expect(open()).rejects.toMatchObject({
      code: 'STOMP_ERR_STORE_DAMAGED',
      message: `The message store in ${directory} is damaged: message 2 does not match its checksum`,
    })
    expect((await readFile(join(directory, 'messages.db'))).equals(before)).toBe(true)
  })

  it('is refused if it is of another format', async () => {
    await filled()
    const path = join(directory, 'messages.db')
    const bytes = await readFile(path)
    bytes.writeUInt32BE(2, 60)
    await writeFile(path, bytes)
    await expect(open()).rejects.toMatchObject({
      code: 'STOMP_ERR_STORE_FORMAT',
      message: expect.stringContaining('format 2'),
    })
  })

  it('is left alone by a repair if it is whole', async () => {
    await filled()
    expect(await repairDurableStore(directory)).toMatchObject({ damage: undefined, keptAs: undefined })
    expect((await readdir(directory)).sort()).toEqual(['lock', 'messages.db', 'messages.db-journal'])
    const { contents } = await open()
    expect(contents.wasClosed).toBe(true)
    expect(contents.entries).toHaveLength(3)
  })

  it('gives in a repair everything that is whole, and is kept as it was', async () => {
    await filled()
    await damage('body 2', 'body 9')
    const before = await readFile(join(directory, 'messages.db'))
    const keptAs = join(directory, 'messages.damaged-1.db')
    expect(await repairDurableStore(directory)).toEqual({
      damage: 'message 2 does not match its checksum',
      saved: { entries: 2, notes: 1 },
      lost: { entries: 1, notes: 0 },
      unplaced: [],
      keptAs,
    })
    expect((await readFile(keptAs)).equals(before)).toBe(true)
    expect((await readdir(directory)).sort()).toEqual([
      'lock',
      'messages.damaged-1.db',
      'messages.damaged-1.db-journal',
      'messages.db',
    ])
    const { contents } = await open()
    expect(contents.entries.map(({ position }) => position)).toEqual([1, 3])
    expect(contents.notes).toEqual(new Map([['n', 'kept']]))
    expect(contents.wasClosed).toBe(false)
  })

  it.each([
    { what: 'the first page', from: 0, to: 4096, lost: { entries: 0, notes: 0 } },
    { what: 'the header', from: 0, to: 100, lost: { entries: 0, notes: 0 } },
    { what: 'the account', from: 4096, to: 8192, lost: undefined },
    { what: 'the notes', from: 16_384, to: 20_480, lost: { entries: 0, notes: 1 } },
    { what: 'nearly everything', from: 30, to: 20_480, lost: undefined },
  ])('loses in a repair no more than what lay in $what', async ({ from, to, lost }) => {
    await filled()
    const path = join(directory, 'messages.db')
    const bytes = await readFile(path)
    expect(bytes.length).toBe(20_480)
    await writeFile(path, bytes.fill(0xaa, from, to))
    await expect(open()).rejects.toMatchObject({ code: /^STOMP_ERR_STORE_(DAMAGED|FORMAT)$/ })
    const report = await repairDurableStore(directory)
    expect(report.lost).toEqual(lost)
    const { contents } = await open()
    expect(contents.entries).toHaveLength(report.saved.entries)
    expect(contents.notes.size).toBe(report.saved.notes)
    expect(report.saved).toEqual(
      to - from > 8192 ? { entries: 0, notes: 0 } : { entries: 3, notes: lost?.notes === 1 ? 0 : 1 },
    )
  })

  it('names in a repair the messages of which it is not known where they lay', async () => {
    await filled()
    const path = join(directory, 'messages.db')
    const bytes = await readFile(path)
    await writeFile(path, bytes.fill(0xaa, 12_288, 16_384))
    const { unplaced, saved, lost } = await repairDurableStore(directory)
    expect(unplaced.map(({ id }) => id)).toEqual(['m1', 'm2', 'm3'])
    expect([saved, lost]).toEqual([
      { entries: 0, notes: 1 },
      { entries: 3, notes: 0 },
    ])
  })

  it('is repaired by nobody while it is in use', async () => {
    await open()
    await expect(repairDurableStore(directory)).rejects.toMatchObject({ code: 'STOMP_ERR_STORE_LOCKED' })
  })
})
