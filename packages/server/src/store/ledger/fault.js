// @ts-check

/** What is wrong with a store, in a form that passes from one thread to another. */
export class LedgerError extends Error {
  /**
   * @param {import('./ledger.js').FaultKind} kind
   * @param {string} detail
   * @param {unknown} [cause]
   */
  constructor(kind, detail, cause) {
    super(detail, { cause })
    this.name = 'LedgerError'
    this.kind = kind
  }
}

// SQLite's primary result codes: https://sqlite.org/rescode.html
const BUSY = 5
const LOCKED = 6
const NO_MEMORY = 7
const READ_ONLY = 8
const FULL = 13
const CANNOT_OPEN = 14

/**
 * Makes one of our errors out of what the engine threw.
 *
 * @param {unknown} thrown
 * @param {import('./ledger.js').FaultKind} otherwise what it means if it is none of the engine's plain cases
 * @returns {LedgerError}
 */
export const toLedgerError = (thrown, otherwise) => {
  if (thrown instanceof LedgerError) return thrown
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const code = codeOf(thrown)
  if (code === BUSY || code === LOCKED) return new LedgerError('locked', text, thrown)
  if (code === FULL || isNoSpace(thrown)) return new LedgerError('full', text, thrown)
  if (code === NO_MEMORY || code === CANNOT_OPEN) return new LedgerError('failed', text, thrown)
  return new LedgerError(otherwise, text, thrown)
}

/**
 * True if the engine may not write.
 *
 * @param {unknown} thrown
 */
export const isReadOnly = (thrown) => codeOf(thrown) === READ_ONLY

/**
 * The primary result code; 0 for what the engine did not throw.
 *
 * @param {unknown} thrown
 */
const codeOf = (thrown) => (thrown instanceof Error && 'errcode' in thrown ? Number(thrown.errcode) & 0xff : 0)

/** @param {unknown} thrown of Node's file functions */
const isNoSpace = (thrown) =>
  thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT')

/**
 * Does something that is not expected to fail: if it does, for another reason than the engine's plain ones, the store failed.
 *
 * @template T
 * @param {() => T} act
 * @returns {T}
 */
export const guarded = (act) => {
  try {
    return act()
  } catch (thrown) {
    throw toLedgerError(thrown, 'failed')
  }
}
