// @ts-check
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { audit, readingError } from './audit.js'
import { EngineLedger } from './engine.js'
import { guarded, isReadOnly, LedgerError, toLedgerError } from './fault.js'
import {
  connect,
  createStoreFile,
  FORMAT_VERSION,
  fileLength,
  lockDirectory,
  reserveJournal,
  STORE_FILE,
} from './file.js'

/** @import { Database, Driver } from './ledger.js' */

export { LedgerError } from './fault.js'

/** @type {import('./ledger.js').loadDriver} */
export const loadDriver = async () => {
  try {
    const { DatabaseSync } = await import('@photostructure/sqlite')
    return { DatabaseSync }
  } catch (thrown) {
    const advice = 'the package @photostructure/sqlite cannot be loaded: install it beside @hoofbeat/server'
    throw new LedgerError('failed', advice, thrown)
  }
}

/** @type {import('./ledger.js').openLedger} */
export const openLedger = (driver, { directory, maxBytes }, reader) => {
  const unlock = guarded(() => lockDirectory(driver, directory))
  const path = join(directory, STORE_FILE)
  try {
    if (fileLength(path) === undefined) guarded(() => createStoreFile(driver, directory))
    // To the engine an empty file is an empty database.
    if (fileLength(path) === 0) throw new LedgerError('damaged', `${STORE_FILE} is empty`)
    const database = connected(driver, path, maxBytes)
    try {
      const { account, shared, lastMessage } = audit(database, path, reader)
      reserveJournal(path)
      checkWritable(database, path)
      return guarded(() => new EngineLedger(database, unlock, account, shared, lastMessage))
    } catch (thrown) {
      database.close()
      throw thrown
    }
  } catch (thrown) {
    unlock()
    throw thrown
  }
}

/**
 * One byte of the engine's header says whether a file may be written. Where the system lets us, and the header does not,
 * that byte is damaged.
 *
 * @param {Database} database
 * @param {string} path
 */
const checkWritable = (database, path) => {
  try {
    // A write that changes nothing: only that is refused.
    database.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${FORMAT_VERSION}; ROLLBACK`)
  } catch (thrown) {
    if (!isReadOnly(thrown)) {
      const error = toLedgerError(thrown, 'failed')
      if (error.kind !== 'full') throw error
      // A full disk is no reason not to open.
      return rollBack(database)
    }
    guarded(() => accessSync(path, constants.W_OK))
    throw new LedgerError('damaged', `the header of ${STORE_FILE} says that it may only be read`, thrown)
  }
}

/**
 * Ends a transaction that has failed; some failures have done so by themselves, and then this is refused.
 *
 * @param {Database} database
 */
const rollBack = (database) => {
  try {
    database.exec('ROLLBACK')
  } catch {}
}

/**
 * @param {Driver} driver
 * @param {string} path
 * @param {number | undefined} maxBytes
 */
const connected = (driver, path, maxBytes) => {
  try {
    return connect(driver, path, maxBytes)
  } catch (thrown) {
    throw readingError(thrown, path)
  }
}
