// @ts-check
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { readAccount } from './audit.js'
import { guarded, LedgerError } from './fault.js'
import { connect, createStoreFile, fileLength, PAGE_BYTES, SCHEMA, STORE_FILE, syncDirectory } from './file.js'
import { openLedger } from './ledger.js'
import { readWhole } from './remains.js'

/*
 * The repair of a damaged store. It works on a copy whose first page (the engine's header and the schema, equal in every
 * store) is replaced by that of a new store, so that damage there costs nothing; reads what can be read; and writes what
 * has a right checksum to a new store. The damaged file is never changed and never without a name.
 */

/** @import { Account, Driver, LedgerBatch } from './ledger.js' */
/** @import { Remains } from './remains.js' */
/** @import { Salvage } from './salvage.js' */

export { lockDirectory } from './file.js'

const text = new TextDecoder('utf-8', { ignoreBOM: true })

/** Where the engine's header keeps the number of pages, and behind it the list of free pages: four and eight bytes. */
const PAGE_COUNT_OFFSET = 28

/** The folder in which the new store is made. */
const WORKSHOP = 'repair.new'

/** How many messages are written in one transaction. */
const BATCHES_AT_ONCE = 500

/** @type {import('./salvage.js').salvage} */
export const salvage = (driver, directory) =>
  guarded(() => {
    const workshop = join(directory, WORKSHOP)
    rmSync(workshop, { recursive: true, force: true })
    mkdirSync(workshop)
    createStoreFile(driver, workshop)
    const { account, remains } = examine(driver, directory, workshop)
    return { expected: account, ...writeAnew(driver, workshop, remains) }
  })

/**
 * @param {Driver} driver
 * @param {string} directory
 * @param {string} workshop holds a new store
 * @returns {{ account: Account | undefined, remains: Remains }}
 */
const examine = (driver, directory, workshop) => {
  const path = join(directory, STORE_FILE)
  const copy = join(workshop, 'copy.db')
  for (const end of ['', '-journal']) if (existsSync(path + end)) copyFileSync(path + end, copy + end)
  try {
    // Lets the engine undo a commit that was cut short, as far as it can.
    connect(driver, copy, undefined).close()
  } catch {}
  rmSync(`${copy}-journal`, { force: true })
  graft(copy, readFileSync(join(workshop, STORE_FILE)).subarray(0, PAGE_BYTES))
  const database = connect(driver, copy, undefined)
  try {
    return { account: tryAccount(database), remains: readWhole(database) }
  } finally {
    database.close()
  }
}

/** @param {import('./ledger.js').Database} database */
const tryAccount = (database) => {
  try {
    return readAccount(database)
  } catch {
    return undefined
  }
}

/**
 * Gives a file the first page of another, with its own number of pages, none of them free.
 *
 * @param {string} path
 * @param {Buffer} firstPage
 */
const graft = (path, firstPage) => {
  const descriptor = openSync(path, existsSync(path) ? 'r+' : 'w+')
  try {
    // The first page and one root page for each table at least.
    const pages = Math.max(1 + SCHEMA.length, Math.ceil((fileLength(path) ?? 0) / PAGE_BYTES))
    ftruncateSync(descriptor, pages * PAGE_BYTES)
    const page = Buffer.from(firstPage)
    page.writeUInt32BE(pages, PAGE_COUNT_OFFSET)
    page.fill(0, PAGE_COUNT_OFFSET + 4, PAGE_COUNT_OFFSET + 12)
    writeSync(descriptor, page, 0, PAGE_BYTES, 0)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * @param {Driver} driver
 * @param {string} workshop
 * @param {Remains} remains
 * @returns {Pick<Salvage, 'saved' | 'unplaced'>}
 */
const writeAnew = (driver, workshop, { messages, entries, notes }) => {
  /** @type {Map<number, import('./remains.js').WholeEntry[]>} */
  const places = new Map()
  for (const entry of entries) {
    const others = places.get(entry.message)
    if (others === undefined) places.set(entry.message, [entry])
    else others.push(entry)
  }
  /** @type {LedgerBatch[]} */
  const batches = []
  const unplaced = []
  const saved = { entries: 0, notes: notes.length }
  for (const [id, data] of messages) {
    const own = places.get(id)
    if (own === undefined) {
      unplaced.push(data)
      continue
    }
    saved.entries += own.length
    const changes = own.map(({ shelf, position, deliveries }) => {
      return /** @type {const} */ ({ kind: 'add', shelf: text.decode(shelf), position, deliveries, message: 0 })
    })
    batches.push({ messages: [data], changes })
  }
  const noted = notes.map(({ name, note }) => {
    return /** @type {const} */ ({ kind: 'note', name: text.decode(name), text: text.decode(note) })
  })
  batches.push({ messages: [], changes: noted })
  write(driver, workshop, batches)
  return { saved, unplaced }
}

/**
 * @param {Driver} driver
 * @param {string} directory
 * @param {readonly LedgerBatch[]} batches
 */
const write = (driver, directory, batches) => {
  const ignore = () => {}
  const reader = { message: ignore, entry: ignore, note: ignore }
  const ledger = openLedger(driver, { directory, maxBytes: undefined }, reader)
  try {
    for (let from = 0; from < batches.length; from += BATCHES_AT_ONCE) {
      for (const fault of ledger.apply(batches.slice(from, from + BATCHES_AT_ONCE))) {
        if (fault !== undefined) throw new LedgerError(fault.kind, fault.detail)
      }
    }
  } finally {
    // Not closed: the next owner must know that something may be missing.
    ledger.abandon()
  }
}

/** @type {import('./salvage.js').exchange} */
export const exchange = (directory) =>
  guarded(() => {
    const path = join(directory, STORE_FILE)
    let number = 1
    const named = () => join(directory, `messages.damaged-${number}.db`)
    while (existsSync(named()) || existsSync(`${named()}-journal`)) number += 1
    const keptAs = named()
    // Whenever this is cut short, a store that is damaged, or one that is whole, has the name of the store.
    if (existsSync(path)) copyFileSync(path, keptAs)
    if (existsSync(`${path}-journal`)) renameSync(`${path}-journal`, `${keptAs}-journal`)
    syncFile(keptAs)
    syncDirectory(directory)
    renameSync(join(directory, WORKSHOP, STORE_FILE), path)
    syncDirectory(directory)
    return keptAs
  })

/** @type {import('./salvage.js').tidy} */
export const tidy = (directory) => rmSync(join(directory, WORKSHOP), { recursive: true, force: true })

/** @param {string} path */
const syncFile = (path) => {
  if (!existsSync(path)) return
  const descriptor = openSync(path, 'r+')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
