// @ts-check
import { join } from 'node:path'
import { audit, readingError } from './audit.js'
import { EngineLedger } from './engine.js'
import { guarded, LedgerError } from './fault.js'
import { connect, createStoreFile, fileLength, lockDirectory, reserveJournal, STORE_FILE } from './file.js'

/** @import { Driver } from './ledger.js' */

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
