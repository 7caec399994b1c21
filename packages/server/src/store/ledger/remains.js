// @ts-check
import { column } from './audit.js'
import { entrySum, messageSum, noteSum } from './sums.js'

/*
 * What is whole in a damaged file. A scan ends where the damage begins; what lies behind it is reached from the other end,
 * and messages in between by their number.
 */

/** @import { Database } from './ledger.js' */

/** @typedef {{ shelf: Uint8Array, position: number, message: number, deliveries: number }} WholeEntry */

/**
 * `messages` by number; `entries` only those whose message is there.
 *
 * @typedef {{
 *   messages: Map<number, Uint8Array>,
 *   entries: WholeEntry[],
 *   notes: { name: Uint8Array, note: Uint8Array }[],
 * }} Remains
 */

/**
 * @param {Database} database
 * @returns {Remains}
 */
export const readWhole = (database) => {
  /** @type {Map<number, Uint8Array>} */
  const messages = new Map()
  const takeMessage = (/** @type {unknown} */ row) => {
    const [id, sum, data] = [column(row, 'id'), column(row, 'sum'), column(row, 'data')]
    if (typeof id === 'number' && data instanceof Uint8Array && messageSum(id, data) === sum) messages.set(id, data)
  }
  fromBothEnds(database, 'SELECT * FROM messages ORDER BY id', [], takeMessage)

  /** @type {Map<string, WholeEntry>} */
  const entries = new Map()
  /** @type {Map<string, Uint8Array>} */
  const shelves = new Map()
  const takeEntry = (/** @type {unknown} */ row) => {
    const entry = wholeEntry(row)
    if (entry === undefined) return
    const shelf = Buffer.from(entry.shelf).toString('hex')
    entries.set(`${shelf} ${entry.position}`, entry)
    shelves.set(shelf, entry.shelf)
  }
  fromBothEnds(database, 'SELECT * FROM entries ORDER BY shelf, position', [], takeEntry)
  for (const shelf of [...shelves.values()]) {
    fromBothEnds(database, 'SELECT * FROM entries WHERE shelf = ? ORDER BY position', [shelf], takeEntry)
  }

  for (const { message } of entries.values()) {
    if (!messages.has(message)) scan(database, 'SELECT * FROM messages WHERE id = ?', [message], takeMessage)
  }
  const notes = readNotes(database)
  return { messages, entries: [...entries.values()].filter(({ message }) => messages.has(message)), notes }
}

/** @param {unknown} row */
const wholeEntry = (row) => {
  const [shelf, position] = [column(row, 'shelf'), column(row, 'position')]
  const [message, deliveries] = [column(row, 'message'), column(row, 'deliveries')]
  if (!(shelf instanceof Uint8Array) || typeof position !== 'number') return undefined
  if (typeof message !== 'number' || typeof deliveries !== 'number') return undefined
  if (entrySum(shelf, position, message, deliveries) !== column(row, 'sum')) return undefined
  return { shelf, position, message, deliveries }
}

/** @param {Database} database */
const readNotes = (database) => {
  /** @type {Map<string, { name: Uint8Array, note: Uint8Array }>} */
  const notes = new Map()
  fromBothEnds(database, 'SELECT * FROM notes ORDER BY name', [], (row) => {
    const [name, note] = [column(row, 'name'), column(row, 'text')]
    if (!(name instanceof Uint8Array && note instanceof Uint8Array)) return
    if (noteSum(name, note) === column(row, 'sum')) notes.set(Buffer.from(name).toString('hex'), { name, note })
  })
  return [...notes.values()]
}

/**
 * @param {Database} database
 * @param {string} sql ends with an order
 * @param {readonly (number | Uint8Array)[]} values
 * @param {(row: unknown) => void} take
 */
const fromBothEnds = (database, sql, values, take) => {
  if (scan(database, sql, values, take)) return
  scan(database, `${sql.replace(', position', ' DESC, position')} DESC`, values, take)
}

/**
 * @param {Database} database
 * @param {string} sql
 * @param {readonly (number | Uint8Array)[]} values
 * @param {(row: unknown) => void} take
 * @returns {boolean} whether it came to its end
 */
const scan = (database, sql, values, take) => {
  try {
    for (const row of database.prepare(sql).iterate(...values)) take(row)
    return true
  } catch {
    return false
  }
}
