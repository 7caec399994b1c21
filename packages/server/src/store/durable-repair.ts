import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { readRecord } from './durable-record.js'
import { toOwnerError } from './durable-refusal.js'
import { type LedgerThread, startLedgerThread, ThreadFault } from './durable-thread.js'
import { LedgerError, loadDriver } from './ledger/ledger.js'
import { exchange, lockDirectory, type Salvage, tidy } from './ledger/salvage.js'

/** What a repair did; see {@link repairDurableStore}. */
export interface StoreRepair {
  /** What was wrong with the store. Undefined: nothing, and nothing was done. */
  readonly damage: string | undefined
  /** How much is in the new store: messages at their places (one on three shelves counts three times), and notes. */
  readonly saved: { readonly entries: number; readonly notes: number }
  /** How much is lost. Undefined if what the store had cannot be known any more. */
  readonly lost: { readonly entries: number; readonly notes: number } | undefined
  /** Messages that were found whole, but not where they lay; they are not in the new store. */
  readonly unplaced: readonly { readonly id: string; readonly destination: string }[]
  /** The file that keeps the damaged store as it was, beside the new one. */
  readonly keptAs: string | undefined
}

/**
 * Repairs the damaged store of a directory: everything in it that is whole goes to a new store in its place, the damaged
 * one is kept under another name. An explicit act, because something may be lost and messages may come again: it is for
 * the operator to read what is returned. Needs free room as large as the store, twice.
 *
 * Rejects with a StompError: `STOMP_ERR_STORE_LOCKED` while the store is in use, `STOMP_ERR_STORE_FORMAT` if it is written
 * in a format that this version does not know, `STOMP_ERR_STORE_FULL` if the room does not suffice,
 * `STOMP_ERR_STORE_FAILED` else. The store is then as it was.
 */
export async function repairDurableStore(directory: string): Promise<StoreRepair> {
  const path = resolve(directory)
  try {
    const fault = await diagnose(path)
    if (fault === undefined) return NOTHING_WRONG
    const unlock = lockDirectory(await loadDriver(), path)
    try {
      const found = await inThread(path, (thread) => thread.salvage())
      // The account of another format would not have our checksum.
      if (found === undefined || (fault.fault.kind === 'format' && found.expected === undefined)) throw fault
      return report(found, fault.message, exchange(path))
    } finally {
      tidy(path)
      unlock()
    }
  } catch (thrown) {
    if (!(thrown instanceof LedgerError)) throw toOwnerError(thrown, path)
    throw toOwnerError(new ThreadFault({ kind: thrown.kind, detail: thrown.message }, thrown), path)
  }
}

const NOTHING_WRONG: StoreRepair = {
  damage: undefined,
  saved: { entries: 0, notes: 0 },
  lost: undefined,
  unplaced: [],
  keptAs: undefined,
}

/** What is wrong with the store; rejects if that is nothing that a repair could mend. */
async function diagnose(directory: string): Promise<ThreadFault | undefined> {
  if (!existsSync(directory)) throw new LedgerError('failed', 'there is no such directory')
  try {
    await inThread(directory, (thread) => thread.check())
    return undefined
  } catch (thrown) {
    if (thrown instanceof ThreadFault && (thrown.fault.kind === 'damaged' || thrown.fault.kind === 'format')) {
      return thrown
    }
    throw thrown
  }
}

async function inThread<T>(directory: string, act: (thread: LedgerThread) => Promise<T>): Promise<T> {
  const thread = startLedgerThread({ directory, maxBytes: undefined })
  try {
    return await act(thread)
  } finally {
    await thread.end()
  }
}

function report({ expected, saved, unplaced }: Salvage, damage: string, keptAs: string): StoreRepair {
  const lost = expected && {
    entries: Math.max(0, expected.entries - saved.entries),
    notes: Math.max(0, expected.notes - saved.notes),
  }
  const messages = unplaced.map(readRecord).filter((message) => message !== undefined)
  return { damage, saved, lost, unplaced: messages.map(({ id, destination }) => ({ id, destination })), keptAs }
}
