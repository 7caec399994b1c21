// @ts-check
import { crc32 } from 'node:zlib'

/*
 * The checksums of the durable store. Each covers all fields of its record and the place where it belongs, so that
 * neither a changed record nor two that changed places go unseen. The account keeps the sum of all of them.
 */

/** Totals are kept below this, so that adding stays exact in a double. */
const TOTAL_LIMIT = 2 ** 48

/**
 * @param {number} id
 * @param {Uint8Array} data
 * @returns {number}
 */
export const messageSum = (id, data) => crc32(data, crc32(`message ${id} `))

/**
 * @param {Uint8Array} shelf
 * @param {number} position
 * @param {number} message
 * @param {number} deliveries
 * @returns {number}
 */
export const entrySum = (shelf, position, message, deliveries) =>
  crc32(shelf, crc32(`entry ${position} ${message} ${deliveries} `))

/**
 * @param {Uint8Array} name
 * @param {Uint8Array} text
 * @returns {number}
 */
export const noteSum = (name, text) => crc32(text, crc32(name, crc32(`note ${name.length} `)))

/**
 * @param {import('./ledger.js').Account} account
 * @returns {number}
 */
export const accountSum = ({ commits, messages, entries, notes, total, isClosed }) =>
  crc32(`account in format 1 ${commits} ${messages} ${entries} ${notes} ${total} ${isClosed}`)

/**
 * @param {number} total
 * @param {number} sum
 * @returns {number}
 */
export const addSum = (total, sum) => (total + sum) % TOTAL_LIMIT

/**
 * @param {number} total
 * @param {number} sum
 * @returns {number}
 */
export const subtractSum = (total, sum) => (total - sum + TOTAL_LIMIT) % TOTAL_LIMIT
