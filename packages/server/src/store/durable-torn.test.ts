import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Driver, Ledger, LedgerBatch, LedgerChange, LedgerReader } from './ledger/ledger.js'
import { LedgerError, loadDriver, openLedger } from './ledger/ledger.js'

/** Every how many bytes a file is cut or flipped; 1: at every byte (takes minutes). */
const STEP = Number(process.env.HOOFBEAT_TORN_STEP ?? 211)
const TIMEOUT_MS = 3_600_000

/** After how many images what they left behind is collected: until then each holds two open files. */
const IMAGES_AT_ONCE = 40

const FILES = ['messages.db', 'messages.db-journal']

/** What is in a store, as text that can be compared. */
interface Contents {
  readonly wasClosed: boolean
  readonly lines: readonly string[]
}

interface Image {
  readonly files: ReadonlyMap<string, Buffer>
  readonly contents: Contents
}

// In memory where there is such a place: thousands of files are written, and none of them is for keeps.
const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'hoofbeat-torn-'))
let directories = 0
const newDirectory = (): string => {
  directories += 1
  const directory = join(base, String(directories))
  mkdirSync(directory)
  return directory
}

let driver: Driver
let images: Record<'closed' | 'open' | 'interrupted', Image>

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

afterAll(() => rmSync(base, { recursive: true, force: true }))

beforeAll(async () => {
  driver = await loadDriver()
  images = { closed: makeClosed(), open: makeOpen(), interrupted: makeInterrupted() }
})

describe.each(['closed', 'open', 'interrupted'] as const)('a store that was %s', (name) => {
  it('is read as it is if it is whole', async () => {
    expect(await tryImage(images[name].files)).toEqual(images[name].contents)
  })

  describe.each(FILES)('with a damaged %s', (file) => {
    const changes: Record<string, (bytes: Buffer, offset: number) => Buffer> = {
      'cut off at': (bytes, offset) => bytes.subarray(0, offset),
      'with all bits flipped at': (bytes, offset) => flipped(bytes, offset, 0xff),
      'with one bit flipped at': (bytes, offset) => flipped(bytes, offset, 1 << ((offset * 5 + 3) % 8)),
    }

    it.each(Object.keys(changes))(
      `is either read as it was or refused, %s every ${STEP === 1 ? '' : `${STEP}th `}byte`,
      async (title) => {
        const { files, contents } = images[name]
        const whole = files.get(file) ?? Buffer.alloc(0)
        // The journal's file ends with room that was never used.
        const end = whole.findLastIndex((byte) => byte !== 0) + 200
        const wrong: string[] = []
        let refused = 0
        for (let offset = 0; offset < end; offset += STEP) {
          const torn = changes[title]?.(whole, Math.min(offset, whole.length - 1)) ?? whole
          const outcome = await tryImage(new Map([...files, [file, torn]]))
          const isRefused = outcome instanceof LedgerError && (outcome.kind === 'damaged' || outcome.kind === 'format')
          if (isRefused) refused += 1
          else if (!isSame(outcome, contents)) wrong.push(`${offset}: ${String(outcome)}`)
        }
        expect(whole.length).toBeGreaterThan(end - 200)
        expect(end).toBeGreaterThan(STEP)
        if (file === 'messages.db') expect(refused).toBeGreaterThan(0)
        expect(wrong).toEqual([])
      },
      TIMEOUT_MS,
    )
  })
})

it.each(['closed', 'open', 'interrupted'] as const)(
  "is either read as it was or refused, with all bits flipped at every byte of the engine's header, where it was %s",
  async (name) => {
    const { files, contents } = images[name]
    const whole = files.get('messages.db') ?? Buffer.alloc(0)
    const kinds = new Set<unknown>()
    for (let offset = 0; offset < 100; offset++) {
      const outcome = await tryImage(new Map([...files, ['messages.db', flipped(whole, offset, 0xff)]]))
      kinds.add(isSame(outcome, contents) ? 'whole' : outcome instanceof LedgerError ? outcome.kind : outcome)
      if (offset === 18) {
        expect(outcome).toMatchObject({ kind: 'damaged', message: expect.stringContaining('may only be read') })
      }
    }
    for (const kind of kinds) expect(['whole', 'damaged', 'format']).toContain(kind)
  },
)

it('refuses a store whose half-done commit cannot be undone any more', async () => {
  const { files } = images.interrupted
  const outcome = await tryImage(new Map([...files, ['messages.db-journal', Buffer.alloc(0)]]))
  expect(outcome).toMatchObject({ kind: 'damaged' })
})

it.each([
  { what: 'cut to nothing', tear: () => Buffer.alloc(0), detail: 'messages.db is empty' },
  { what: 'cut by a page', tear: (bytes: Buffer) => bytes.subarray(0, -4096), detail: /malformed|bytes long/ },
  {
    what: 'lengthened',
    tear: (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(4096)]),
    detail: /bytes long, its header says/,
  },
])('names the damage of a file that was $what', async ({ tear, detail }) => {
  const { files } = images.open
  const torn = tear(files.get('messages.db') ?? Buffer.alloc(0))
  const outcome = await tryImage(new Map([...files, ['messages.db', torn]]))
  expect(outcome).toMatchObject({ kind: 'damaged', message: expect.stringMatching(detail) })
})

it('refuses a journal without its store', async () => {
  const journal = images.open.files.get('messages.db-journal') ?? Buffer.alloc(0)
  const outcome = await tryImage(new Map([['messages.db-journal', journal]]))
  expect(outcome).toMatchObject({ kind: 'damaged', message: expect.stringContaining('messages.db is missing') })
})

let tried = 0

/** Opens a store made of these files, and works with it if that goes well; what was found, or why it is refused. */
async function tryImage(files: ReadonlyMap<string, Buffer>): Promise<Contents | unknown> {
  tried += 1
  if (tried % IMAGES_AT_ONCE === 0) {
    collect()
    await turn()
  }
  const directory = newDirectory()
  for (const [file, bytes] of files) writeFileSync(join(directory, file), bytes)
  try {
    const { ledger, contents } = open(directory)
    try {
      // Damage that shows with the next commits only would be no better.
      if (tried % 7 === 0) workOn(ledger, directory, contents)
    } finally {
      ledger.abandon()
    }
    return contents
  } catch (thrown) {
    return thrown
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Adds and removes so much that free pages are taken and given back, and reads everything again. */
function workOn(ledger: Ledger, directory: string, contents: Contents): void {
  const places = Array.from({ length: 12 }, (_, index) => index)
  const added = places.map((index) => batch([adding('work', index)], `${'work'.repeat(400)}${index}`))
  const removed = places.map((index) => batch([{ kind: 'remove', shelf: 'work', position: index }]))
  for (const fault of ledger.apply(added)) expect(fault).toBeUndefined()
  for (const fault of ledger.apply(removed)) expect(fault).toBeUndefined()
  const copy = newDirectory()
  for (const file of FILES) copyFileSync(join(directory, file), join(copy, file))
  const again = open(copy)
  again.ledger.abandon()
  rmSync(copy, { recursive: true, force: true })
  expect(again.contents.lines).toEqual(contents.lines)
}

function open(directory: string): { ledger: Ledger; contents: Contents } {
  const messages = new Map<number, string>()
  const lines: string[] = []
  const reader: LedgerReader = {
    message: (id, data) => messages.set(id, Buffer.from(data).toString('latin1')),
    entry: (shelf, position, message, deliveries) => {
      lines.push(`${shelf} ${position} ${deliveries} ${messages.get(message)}`)
    },
    note: (name, text) => lines.push(`${name}=${text}`),
  }
  const ledger = openLedger(driver, { directory, maxBytes: undefined }, reader)
  return { ledger, contents: { wasClosed: ledger.wasClosed, lines } }
}

function isSame(one: unknown, other: Contents): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function flipped(bytes: Buffer, offset: number, bits: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[offset] = (copy[offset] ?? 0) ^ bits
  return copy
}

function batch(changes: LedgerChange[], ...texts: string[]): LedgerBatch {
  return { messages: texts.map((text) => new TextEncoder().encode(text)), changes }
}

function adding(shelf: string, position: number, message = 0): LedgerChange {
  return { kind: 'add', shelf, position, message, deliveries: 0 }
}

/** A few messages on two shelves, one of them on both and one long enough for pages of its own, gaps, counts and notes. */
function fill(ledger: Ledger): void {
  const note = (name: string, text: string | undefined): LedgerChange => ({ kind: 'note', name, text })
  const batches = [
    batch([adding('/queue/a', 1), adding('/queue/b', 1)], 'on both shelves'),
    ...[2, 3, 4, 5, 6, 7].map((position) => batch([adding('/queue/a', position)], `${position}`.repeat(300))),
    batch([adding('/queue/b', 2)], 'long '.repeat(1000)),
    batch([adding('/queue/b', 3)], 'long and gone '.repeat(1000)),
    batch([note('subscription 1', '{"durable":true}'), note('subscription 2', 'gone')]),
  ]
  const later = [
    batch([{ kind: 'remove', shelf: '/queue/a', position: 3 }]),
    batch([{ kind: 'remove', shelf: '/queue/b', position: 3 }]),
    batch([{ kind: 'delivered', shelf: '/queue/a', position: 2, deliveries: 3 }]),
    batch([note('subscription 2', undefined)]),
  ]
  for (const one of [...batches, ...later]) expect(ledger.apply([one])).toEqual([undefined])
}

function imageOf(directory: string): Map<string, Buffer> {
  const files = FILES.filter((file) => existsSync(join(directory, file)))
  return new Map(files.map((file) => [file, readFileSync(join(directory, file))]))
}

function makeClosed(): Image {
  const directory = newDirectory()
  const { ledger } = open(directory)
  fill(ledger)
  ledger.close()
  return { files: imageOf(directory), contents: contentsOf(directory) }
}

function makeOpen(): Image {
  const directory = newDirectory()
  const { ledger } = open(directory)
  fill(ledger)
  const files = imageOf(directory)
  ledger.abandon()
  return { files, contents: contentsOf(directory) }
}

/** As a process leaves it that was killed in the middle of a commit, when the file was half written. */
function makeInterrupted(): Image {
  const closed = makeClosed()
  const directory = newDirectory()
  for (const [file, bytes] of closed.files) writeFileSync(join(directory, file), bytes)
  const database = new driver.DatabaseSync(join(directory, 'messages.db'))
  database.exec(`
    PRAGMA journal_mode = PERSIST;
    PRAGMA cache_size = 1;
    BEGIN;
    UPDATE account SET commits = commits + 1;
    UPDATE entries SET deliveries = deliveries + 1;
    DELETE FROM notes;
    DELETE FROM messages WHERE id > 2;
    INSERT INTO messages VALUES (100, 1, zeroblob(30000));
  `)
  const files = imageOf(directory)
  database.exec('ROLLBACK')
  database.close()
  expect(files.get('messages.db')?.equals(closed.files.get('messages.db') ?? Buffer.alloc(0))).toBe(false)
  return { files, contents: closed.contents }
}

/** What a copy of the store gives when it is opened. */
function contentsOf(directory: string): Contents {
  const copy = newDirectory()
  for (const file of FILES) copyFileSync(join(directory, file), join(copy, file))
  const { ledger, contents } = open(copy)
  ledger.abandon()
  expect(contents.lines.length).toBeGreaterThan(8)
  return contents
}
