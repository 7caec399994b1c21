// @ts-check
import { accessSync, constants } from 'node:fs'
import { LedgerError, toLedgerError } from './fault.js'
import { APPLICATION_ID, FORMAT_VERSION, fileLength, PAGE_BYTES, SCHEMA, STORE_FILE } from './file.js'
import { accountSum, addSum, entrySum, messageSum, noteSum } from './sums.js'

/*
 * Reads a whole store and holds it against its account. The engine has no checksums: one flipped bit in a body, or a page
 * of yesterday in the middle of the file, would be given back as if nothing were wrong.
 */

/** @import { Account, Database, LedgerReader } from './ledger.js' */

const text = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Throws a LedgerError `damaged` or `format` that names the first thing found.
 *
 * @param {Database} database
 * @param {string} path
 * @param {LedgerReader} reader
 * @returns {{ account: Account, shared: Map<number, number>, lastMessage: number }} `shared`: how many entries refer to a
 *   message, for those with more than one
 */
export const audit = (database, path, reader) => {
  try {
    checkFile(database, path)
    const account = readAccount(database)
    /** @type {Account} */
    const found = { ...account, messages: 0, entries: 0, notes: 0, total: 0 }
    const { references, lastMessage } = readMessages(database, found, reader)
    readEntries(database, found, references, reader)
    readNotes(database, found, reader)
    compare(found, account)
    const shared = new Map([...references].filter(([, count]) => count > 1))
    return { account, shared, lastMessage }
  } catch (thrown) {
    throw readingError(thrown, path)
  }
}

/**
 * What it means when a store cannot be read: it is damaged, unless this process has not the right to it.
 *
 * @param {unknown} thrown
 * @param {string} path
 * @returns {LedgerError}
 */
export const readingError = (thrown, path) => toLedgerError(thrown, isWritable(path) ? 'damaged' : 'failed')

/** @param {string} path */
const isWritable = (path) => {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** @param {string} detail */
const damage = (detail) => new LedgerError('damaged', detail)

/**
 * @param {Database} database
 * @param {string} path
 */
const checkFile = (database, path) => {
  const applicationId = pragma(database, 'application_id')
  if (applicationId !== APPLICATION_ID) throw damage(`${STORE_FILE} does not say that it is a message store`)
  const version = pragma(database, 'user_version')
  if (version !== FORMAT_VERSION) {
    throw new LedgerError('format', `it is written in format ${version}, this version reads format ${FORMAT_VERSION}`)
  }
  const bytes = Number(pragma(database, 'page_count')) * Number(pragma(database, 'page_size'))
  const length = fileLength(path)
  if (length !== bytes || pragma(database, 'page_size') !== PAGE_BYTES) {
    throw damage(`${STORE_FILE} is ${length} bytes long, its header says ${bytes}`)
  }
  const schema = [...database.prepare('SELECT sql FROM sqlite_schema ORDER BY rootpage').iterate()].map((row) =>
    column(row, 'sql'),
  )
  if (JSON.stringify(schema) !== JSON.stringify(SCHEMA)) throw damage('the tables are not those of a message store')
  // Also finds pages that are used twice or both used and free, which would do harm with the next commit only.
  const verdict = pragma(database, 'integrity_check(1)', 'integrity_check')
  if (verdict !== 'ok') throw damage(`the structure of ${STORE_FILE} is broken (${verdict})`)
}

/**
 * What must be there, if that is known for sure.
 *
 * @param {Database} database
 * @returns {Account}
 */
export const readAccount = (database) => {
  const rows = [...database.prepare('SELECT * FROM account').iterate()]
  if (rows.length !== 1) throw damage(`the account has ${rows.length} rows`)
  /** @param {string} name */
  const number = (name) => wholeNumber(column(rows[0], name), 'account')
  const account = {
    commits: number('commits'),
    messages: number('messages'),
    entries: number('entries'),
    notes: number('notes'),
    total: number('total'),
    isClosed: number('is_closed'),
  }
  if (number('sum') !== accountSum(account)) throw damage('the account does not match its checksum')
  return account
}

/**
 * @param {Database} database
 * @param {Account} found
 * @param {LedgerReader} reader
 * @returns {{ references: Map<number, number>, lastMessage: number }} all messages, with no references yet
 */
const readMessages = (database, found, reader) => {
  const references = new Map()
  let lastMessage = 0
  for (const row of database.prepare('SELECT id, sum, data FROM messages ORDER BY id').iterate()) {
    const id = wholeNumber(column(row, 'id'), 'message')
    const data = bytes(column(row, 'data'), `message ${id}`)
    const sum = messageSum(id, data)
    if (sum !== column(row, 'sum')) throw damage(`message ${id} does not match its checksum`)
    count(found, 'messages', sum)
    references.set(id, 0)
    reader.message(id, data)
    lastMessage = id
  }
  return { references, lastMessage }
}

/**
 * @param {Database} database
 * @param {Account} found
 * @param {Map<number, number>} references
 * @param {LedgerReader} reader
 */
const readEntries = (database, found, references, reader) => {
  const rows = database.prepare('SELECT * FROM entries ORDER BY shelf, position').iterate()
  for (const row of rows) {
    const shelf = bytes(column(row, 'shelf'), 'entry')
    const name = text.decode(shelf)
    const position = wholeNumber(column(row, 'position'), `entry of ${name}`)
    const message = wholeNumber(column(row, 'message'), `entry ${position} of ${name}`)
    const deliveries = wholeNumber(column(row, 'deliveries'), `entry ${position} of ${name}`)
    const sum = entrySum(shelf, position, message, deliveries)
    if (sum !== column(row, 'sum')) throw damage(`entry ${position} of ${name} does not match its checksum`)
    const others = references.get(message)
    if (others === undefined) throw damage(`message ${message}, entry ${position} of ${name}, is missing`)
    references.set(message, others + 1)
    count(found, 'entries', sum)
    reader.entry(name, position, message, deliveries)
  }
  for (const [id, entries] of references) if (entries === 0) throw damage(`no entry refers to message ${id}`)
}

/**
 * @param {Database} database
 * @param {Account} found
 * @param {LedgerReader} reader
 */
const readNotes = (database, found, reader) => {
  for (const row of database.prepare('SELECT * FROM notes ORDER BY name').iterate()) {
    const name = bytes(column(row, 'name'), 'note')
    const note = bytes(column(row, 'text'), 'note')
    const sum = noteSum(name, note)
    if (sum !== column(row, 'sum')) throw damage(`note ${text.decode(name)} does not match its checksum`)
    count(found, 'notes', sum)
    reader.note(text.decode(name), text.decode(note))
  }
}

/**
 * @param {Account} found
 * @param {'messages' | 'entries' | 'notes'} kind
 * @param {number} sum
 */
const count = (found, kind, sum) => {
  found[kind] += 1
  found.total = addSum(found.total, sum)
}

/**
 * @param {Account} found
 * @param {Account} account
 */
const compare = (found, account) => {
  for (const kind of /** @type {const} */ (['messages', 'entries', 'notes'])) {
    if (found[kind] !== account[kind]) throw damage(`${found[kind]} ${kind} are there, ${account[kind]} should be`)
  }
  if (found.total !== account.total) throw damage('some record is not the one that the account knows')
}

/**
 * @param {Database} database
 * @param {string} name
 * @param {string} [result]
 * @returns {unknown}
 */
const pragma = (database, name, result = name) => column(database.prepare(`PRAGMA ${name}`).get(), result)

/**
 * @param {unknown} row
 * @param {string} name
 * @returns {unknown}
 */
export const column = (row, name) =>
  typeof row === 'object' && row !== null && name in row ? Reflect.get(row, name) : undefined

/**
 * @param {unknown} value
 * @param {string} where
 * @returns {number}
 */
const wholeNumber = (value, where) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw damage(`${where} has a number that is none`)
  return value
}

/**
 * @param {unknown} value
 * @param {string} where
 * @returns {Uint8Array}
 */
const bytes = (value, where) => {
  if (value instanceof Uint8Array) return value
  throw damage(`${where} has a text that is none`)
}
