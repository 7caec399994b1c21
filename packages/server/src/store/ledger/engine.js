// @ts-check
import { guarded, LedgerError, toLedgerError } from './fault.js'
import { plan } from './plan.js'
import { accountSum, addSum, entrySum, messageSum, noteSum, subtractSum } from './sums.js'

/** @import { Account, Database, Fault, Ledger, LedgerBatch } from './ledger.js' */

const utf8 = new TextEncoder()

/**
 * An open store: applies batches, and keeps the account with them.
 *
 * @implements {Ledger}
 */
export class EngineLedger {
  wasClosed
  #database
  #unlock
  /** @type {Account} */
  #account
  /** How many entries refer to a message, for those with more than one. */
  #shared
  #lastMessage
  #statements
  /** Why nothing can be done any more. @type {LedgerError | undefined} */
  #failure = undefined
  /** Puts back what a transaction changed in memory. @type {(() => void)[]} */
  #undo = []

  /**
   * @param {Database} database
   * @param {() => void} unlock
   * @param {Account} account
   * @param {Map<number, number>} shared
   * @param {number} lastMessage
   */
  constructor(database, unlock, account, shared, lastMessage) {
    this.#database = database
    this.#unlock = unlock
    this.#account = account
    this.#shared = shared
    this.#lastMessage = lastMessage
    this.wasClosed = account.isClosed === 1
    const prepare = (/** @type {string} */ sql) => database.prepare(sql)
    this.#statements = {
      addMessage: prepare('INSERT INTO messages VALUES (?, ?, ?)'),
      removeMessage: prepare('DELETE FROM messages WHERE id = ? RETURNING sum'),
      addEntry: prepare('INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?, ?)'),
      removeEntry: prepare('DELETE FROM entries WHERE shelf = ? AND position = ? RETURNING message, sum'),
      readEntry: prepare('SELECT message, sum FROM entries WHERE shelf = ? AND position = ?'),
      countEntry: prepare('UPDATE entries SET deliveries = ?, sum = ? WHERE shelf = ? AND position = ?'),
      readShelf: prepare('SELECT message, sum FROM entries WHERE shelf = ?'),
      clearShelf: prepare('DELETE FROM entries WHERE shelf = ?'),
      addNote: prepare('INSERT INTO notes VALUES (?, ?, ?)'),
      removeNote: prepare('DELETE FROM notes WHERE name = ? RETURNING sum'),
      writeAccount: prepare(
        'UPDATE account SET commits = ?, messages = ?, entries = ?, notes = ?, total = ?, is_closed = ?, sum = ?',
      ),
    }
    if (this.wasClosed) this.#transact(() => this.#mark(0))
  }

  /** @type {Ledger['apply']} */
  apply(batches) {
    if (this.#failure !== undefined) return batches.map(() => faultOf(this.#failure))
    try {
      this.#transact(() => this.#carryOut(batches))
      return batches.map(() => undefined)
    } catch (thrown) {
      const error = toLedgerError(thrown, 'failed')
      if (error.kind !== 'full') this.#failure = error
      else if (batches.length > 1) {
        // Some may fit: those that do not are found by halves, in order.
        const half = batches.length >> 1
        return [...this.apply(batches.slice(0, half)), ...this.apply(batches.slice(half))]
      }
      return batches.map(() => faultOf(error))
    }
  }

  close() {
    try {
      if (this.#failure === undefined) guarded(() => this.#transact(() => this.#mark(1)))
    } catch (thrown) {
      // Without room for the mark the store is whole all the same; the next owner is told that it was not closed.
      if (!(thrown instanceof LedgerError && thrown.kind === 'full')) throw thrown
    } finally {
      this.abandon()
    }
  }

  abandon() {
    try {
      this.#database.close()
    } finally {
      this.#unlock()
    }
  }

  /**
   * One transaction with its account, if anything changes. If it fails, file and memory are as before.
   *
   * @param {() => void} act
   */
  #transact(act) {
    const before = { ...this.#account }
    this.#undo = []
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      act()
      if (!isEqual(this.#account, before)) {
        this.#account.commits += 1
        this.#writeAccount()
      }
      this.#database.exec('COMMIT')
    } catch (thrown) {
      this.#rollBack(thrown)
      this.#account = before
      for (const put of this.#undo.reverse()) put()
      throw thrown
    }
  }

  /** @param {unknown} cause */
  #rollBack(cause) {
    try {
      // Some failures have rolled back by themselves; then this is refused.
      this.#database.exec('ROLLBACK')
    } catch {}
    try {
      this.#database.exec('BEGIN; ROLLBACK')
    } catch {
      this.#failure = toLedgerError(cause, 'failed')
      throw new LedgerError('failed', `could not be rolled back: ${this.#failure.message}`, cause)
    }
  }

  #writeAccount() {
    const { commits, messages, entries, notes, total, isClosed } = this.#account
    const sum = accountSum(this.#account)
    this.#statements.writeAccount.run(commits, messages, entries, notes, total, isClosed, sum)
  }

  /** @param {0 | 1} isClosed */
  #mark(isClosed) {
    this.#account.isClosed = isClosed
  }

  /** @param {readonly LedgerBatch[]} batches */
  #carryOut(batches) {
    const { shelves, notes } = plan(batches)
    /** @type {Map<Uint8Array, number>} */
    const ids = new Map()
    for (const [name, { isCleared, places }] of shelves) {
      const shelf = utf8.encode(name)
      if (isCleared) this.#clear(shelf)
      for (const [position, { isRemoved, data, deliveries = 0 }] of places) {
        if (isRemoved) this.#remove(shelf, position)
        if (data !== undefined) this.#add(shelf, position, deliveries, data, ids)
        else if (!isRemoved) this.#setDeliveries(shelf, position, deliveries)
      }
    }
    for (const [name, text] of notes) this.#setNote(utf8.encode(name), text)
  }

  /**
   * @param {Uint8Array} shelf
   * @param {number} position
   * @param {number} deliveries
   * @param {Uint8Array} data
   * @param {Map<Uint8Array, number>} ids of what was written in this transaction
   */
  #add(shelf, position, deliveries, data, ids) {
    let message = ids.get(data)
    if (message === undefined) {
      message = this.#lastMessage += 1
      const sum = messageSum(message, data)
      this.#statements.addMessage.run(message, sum, data)
      this.#book('messages', 1, sum)
      ids.set(data, message)
    } else {
      this.#share(message, (this.#shared.get(message) ?? 1) + 1)
    }
    const sum = entrySum(shelf, position, message, deliveries)
    const values = [shelf, position, message, deliveries, sum]
    if (Number(this.#statements.addEntry.run(...values).changes) === 0) {
      this.#remove(shelf, position)
      this.#statements.addEntry.run(...values)
    }
    this.#book('entries', 1, sum)
  }

  /**
   * @param {Uint8Array} shelf
   * @param {number} position
   */
  #remove(shelf, position) {
    const row = this.#statements.removeEntry.get(shelf, position)
    if (row !== undefined) this.#release(/** @type {EntryRow} */ (row))
  }

  /** @param {Uint8Array} shelf */
  #clear(shelf) {
    for (const row of this.#statements.readShelf.iterate(shelf)) this.#release(/** @type {EntryRow} */ (row))
    this.#statements.clearShelf.run(shelf)
  }

  /**
   * Takes an entry out of the account, and its message too if that was the last one.
   *
   * @param {EntryRow} entry
   */
  #release({ message, sum }) {
    this.#book('entries', -1, sum)
    const others = (this.#shared.get(message) ?? 1) - 1
    if (others > 0) {
      this.#share(message, others)
      return
    }
    const row = this.#statements.removeMessage.get(message)
    this.#book('messages', -1, /** @type {{ sum: number }} */ (row).sum)
  }

  /**
   * @param {number} message
   * @param {number} entries
   */
  #share(message, entries) {
    const before = this.#shared.get(message)
    this.#undo.push(() => set(before ?? 1))
    const set = (/** @type {number} */ count) => {
      if (count > 1) this.#shared.set(message, count)
      else this.#shared.delete(message)
    }
    set(entries)
  }

  /**
   * @param {Uint8Array} shelf
   * @param {number} position
   * @param {number} deliveries
   */
  #setDeliveries(shelf, position, deliveries) {
    const row = this.#statements.readEntry.get(shelf, position)
    if (row === undefined) return
    const { message, sum } = /** @type {EntryRow} */ (row)
    const newSum = entrySum(shelf, position, message, deliveries)
    this.#statements.countEntry.run(deliveries, newSum, shelf, position)
    this.#book('entries', -1, sum)
    this.#book('entries', 1, newSum)
  }

  /**
   * @param {Uint8Array} name
   * @param {string | undefined} text
   */
  #setNote(name, text) {
    const row = this.#statements.removeNote.get(name)
    if (row !== undefined) this.#book('notes', -1, /** @type {{ sum: number }} */ (row).sum)
    if (text === undefined) return
    const bytes = utf8.encode(text)
    const sum = noteSum(name, bytes)
    this.#statements.addNote.run(name, bytes, sum)
    this.#book('notes', 1, sum)
  }

  /**
   * @param {'messages' | 'entries' | 'notes'} kind
   * @param {1 | -1} step
   * @param {number} sum
   */
  #book(kind, step, sum) {
    this.#account[kind] += step
    this.#account.total = step > 0 ? addSum(this.#account.total, sum) : subtractSum(this.#account.total, sum)
  }
}

/** @typedef {{ message: number, sum: number }} EntryRow */

/**
 * @param {Account} one
 * @param {Account} other
 */
const isEqual = (one, other) => accountText(one) === accountText(other)

/** @param {Account} account */
const accountText = (account) => Object.values(account).join(' ')

/**
 * @param {LedgerError | undefined} error
 * @returns {Fault}
 */
const faultOf = (error) => ({ kind: error?.kind ?? 'failed', detail: error?.message ?? '' })
