// @ts-check
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { LedgerError, toLedgerError } from './fault.js'
import { accountSum } from './sums.js'

/*
 * The files of a durable store: `messages.db`, the engine's rollback journal beside it, and `lock`.
 *
 * The driver keeps a file open, and locked, after `close` until the last statement that was prepared on it has been
 * collected, or the thread ends. So a thread opens a store once, and ends after it.
 */

/** @import { Account, Database, Driver } from './ledger.js' */

export const STORE_FILE = 'messages.db'
const LOCK_FILE = 'lock'

/** Says in the file's header whose it is ("Hoof"), and in which format it is written. */
export const APPLICATION_ID = 0x486f6f66
export const FORMAT_VERSION = 1
export const PAGE_BYTES = 4096

/** How much of the journal's file is kept for the next transaction. */
const JOURNAL_KEPT_BYTES = 4 * 1024 * 1024

/** How long the journal's file is at least: some sixty pages can be changed while the disk is full. */
const JOURNAL_RESERVE_BYTES = 256 * 1024

// Names are kept as bytes: the driver would cut text at a NUL.
/** The whole schema, word for word; a store that has another is damaged. */
export const SCHEMA = [
  'CREATE TABLE account (id INTEGER PRIMARY KEY, commits INTEGER, messages INTEGER, entries INTEGER, notes INTEGER, total INTEGER, is_closed INTEGER, sum INTEGER)',
  'CREATE TABLE messages (id INTEGER PRIMARY KEY, sum INTEGER, data BLOB)',
  'CREATE TABLE entries (shelf BLOB, position INTEGER, message INTEGER, deliveries INTEGER, sum INTEGER, PRIMARY KEY (shelf, position)) WITHOUT ROWID',
  'CREATE TABLE notes (name BLOB PRIMARY KEY, text BLOB, sum INTEGER) WITHOUT ROWID',
]

/** In the order of the columns. @type {Account} */
const NEW_ACCOUNT = { commits: 0, messages: 0, entries: 0, notes: 0, total: 0, isClosed: 1 }

/**
 * Takes the directory for this process alone, until the returned function is called or the process ends. The lock is one
 * of the engine on an empty file: it has no content that could be damaged, and dies with its process.
 *
 * @param {Driver} driver
 * @param {string} directory
 * @returns {() => void}
 */
export const lockDirectory = (driver, directory) => {
  makeDirectory(directory)
  const lock = new driver.DatabaseSync(join(directory, LOCK_FILE))
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (thrown) {
    lock.close()
    throw toLedgerError(thrown, 'failed')
  }
  return () => lock.close()
}

/**
 * Makes a directory and those above it where they are missing, each name durable.
 *
 * @param {string} directory
 */
const makeDirectory = (directory) => {
  const first = mkdirSync(directory, { recursive: true })
  if (first === undefined) return
  const end = dirname(resolve(first))
  for (let made = resolve(directory); made !== end; made = dirname(made)) syncDirectory(dirname(made))
}

/**
 * The length of a file, undefined if there is none. Files of the engine are never opened here: the system would drop the
 * engine's locks when they are closed.
 *
 * @param {string} path
 * @returns {number | undefined}
 */
export const fileLength = (path) => statSync(path, { throwIfNoEntry: false })?.size

/**
 * Connects to a store's file. Undoes what a crash left half done, as the engine does; else changes nothing.
 *
 * @param {Driver} driver
 * @param {string} path
 * @param {number | undefined} maxBytes
 * @returns {Database}
 */
export const connect = (driver, path, maxBytes) => {
  const database = new driver.DatabaseSync(path)
  try {
    database.exec(`
      PRAGMA busy_timeout = 0;
      PRAGMA mmap_size = 0;
      PRAGMA trusted_schema = OFF;
      PRAGMA cell_size_check = ON;
      PRAGMA temp_store = MEMORY;
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA synchronous = FULL;
      BEGIN EXCLUSIVE;
      COMMIT;
      PRAGMA journal_mode = PERSIST;
      PRAGMA journal_size_limit = ${JOURNAL_KEPT_BYTES};
    `)
    if (maxBytes !== undefined) {
      database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / PAGE_BYTES))}`)
    }
    return database
  } catch (thrown) {
    database.close()
    throw thrown
  }
}

/**
 * Writes an empty store. It gets its name when it is whole: a file of that name is never a half-made one.
 *
 * @param {Driver} driver
 * @param {string} directory
 */
export const createStoreFile = (driver, directory) => {
  const path = join(directory, STORE_FILE)
  if (fileLength(`${path}-journal`) !== undefined) {
    throw new LedgerError('damaged', `${STORE_FILE} is missing, though ${STORE_FILE}-journal is there`)
  }
  const newPath = `${path}.new`
  rmSync(newPath, { force: true })
  const database = new driver.DatabaseSync(newPath)
  try {
    database.exec(`
      PRAGMA page_size = ${PAGE_BYTES};
      PRAGMA encoding = 'UTF-8';
      PRAGMA journal_mode = MEMORY;
      PRAGMA synchronous = FULL;
      PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA user_version = ${FORMAT_VERSION};
      BEGIN;
      ${SCHEMA.join(';\n')};
      INSERT INTO account VALUES (1, ${[...Object.values(NEW_ACCOUNT), accountSum(NEW_ACCOUNT)].join(', ')});
      COMMIT;
    `)
  } finally {
    database.close()
  }
  renameSync(newPath, path)
  syncDirectory(directory)
}

/**
 * Gives the journal's file room beforehand, so that messages can be removed from a store on a full disk. Not while a
 * transaction is under way. Without room for it the store does without.
 *
 * @param {string} path of the store's file
 */
export const reserveJournal = (path) => {
  const journal = `${path}-journal`
  const missing = JOURNAL_RESERVE_BYTES - (fileLength(journal) ?? 0)
  if (missing <= 0) return
  try {
    const descriptor = openSync(journal, 'a')
    try {
      // To the engine a journal that starts with zeros is one of which nothing is left to be done.
      writeSync(descriptor, Buffer.alloc(missing))
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch {}
}

/**
 * Makes the names in a directory durable. Windows has no such call, and needs none.
 *
 * @param {string} directory
 */
export const syncDirectory = (directory) => {
  if (process.platform === 'win32') return
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
