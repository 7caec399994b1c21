// @ts-check
import { parentPort, workerData } from 'node:worker_threads'
import { LedgerError, loadDriver, openLedger } from './ledger.js'
import { salvage } from './salvage.js'

/*
 * The thread in which a durable store reads, writes and syncs, so that the event loop does not stand still meanwhile. It
 * does what it is told, one thing after the other, and answers each with one message.
 */

/** @import { Ledger, LedgerReader } from './ledger.js' */
/** @import { Answer, Found, Order } from './worker.js' */

/** How many records are told in one message. */
const RECORDS_AT_ONCE = 1000

/** @type {Ledger | undefined} */
let ledger

/**
 * @param {Answer} answer
 * @param {ArrayBuffer[]} [transfer]
 */
const tell = (answer, transfer = []) => parentPort?.postMessage(answer, transfer)

/** Gathers what is read and tells it piece by piece. */
const createTeller = () => {
  /** @type {Found} */
  let found = { messages: [], entries: [], notes: [] }
  let size = 0
  const flush = () => {
    const transfer = found.messages.flatMap(({ data }) => (data.buffer instanceof ArrayBuffer ? [data.buffer] : []))
    tell({ kind: 'found', found }, transfer)
    found = { messages: [], entries: [], notes: [] }
    size = 0
  }
  const added = () => {
    size += 1
    if (size === RECORDS_AT_ONCE) flush()
  }
  /** @type {LedgerReader} */
  const reader = {
    message: (id, data) => {
      found.messages.push({ id, data })
      added()
    },
    entry: (shelf, position, message, deliveries) => {
      found.entries.push({ shelf, position, message, deliveries })
      added()
    },
    note: (name, text) => {
      found.notes.push({ name, text })
      added()
    },
  }
  return { reader, flush }
}

const open = async () => {
  const driver = await loadDriver()
  const teller = createTeller()
  ledger = openLedger(driver, workerData, teller.reader)
  teller.flush()
  tell({ kind: 'opened', wasClosed: ledger.wasClosed })
}

const check = async () => {
  const ignore = () => {}
  const checked = openLedger(await loadDriver(), workerData, { message: ignore, entry: ignore, note: ignore })
  if (checked.wasClosed) checked.close()
  else checked.abandon()
  tell({ kind: 'checked' })
}

/** @param {Order} order */
const obey = async (order) => {
  if (order.kind === 'open') await open()
  else if (order.kind === 'apply') tell({ kind: 'applied', faults: ledger?.apply(order.batches) ?? [] })
  else if (order.kind === 'check') await check()
  else if (order.kind === 'salvage')
    tell({ kind: 'salvaged', salvage: salvage(await loadDriver(), workerData.directory) })
  else {
    const closing = ledger
    ledger = undefined
    closing?.close()
    tell({ kind: 'closed' })
  }
}

parentPort?.on('message', (/** @type {Order} */ order) => {
  obey(order).catch((thrown) => {
    const kind = thrown instanceof LedgerError ? thrown.kind : 'failed'
    tell({ kind: 'fault', fault: { kind, detail: thrown instanceof Error ? thrown.message : String(thrown) } })
  })
})
