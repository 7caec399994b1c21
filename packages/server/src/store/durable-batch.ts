import { encodeHead, recordLength, writeRecord } from './durable-record.js'
import type { LedgerBatch, LedgerChange } from './ledger/ledger.js'
import type { StoreChange, StoredMessage } from './message-store.js'

/** Batches as they are posted to the thread: all their messages lie in one buffer. */
export interface PackedBatches {
  readonly batches: readonly LedgerBatch[]
  readonly buffer: ArrayBuffer
}

interface Sketch {
  /** Each message once, with its encoded head, in the order of their indices. */
  readonly heads: Map<StoredMessage, Uint8Array>
  readonly changes: LedgerChange[]
}

/** Encodes batches. A message that is added several times in one of them, to many shelves say, is written once. */
export function packBatches(batches: readonly (readonly StoreChange[])[]): PackedBatches {
  const sketches = batches.map(sketch)
  let length = 0
  for (const { heads } of sketches) for (const [{ body }, head] of heads) length += recordLength(head, body)
  const buffer = new ArrayBuffer(length)
  let offset = 0
  const packed = sketches.map(({ heads, changes }) => {
    const messages = [...heads].map(([{ body }, head]) => {
      const data = new Uint8Array(buffer, offset, recordLength(head, body))
      writeRecord(data, head, body)
      offset += data.length
      return data
    })
    return { messages, changes }
  })
  return { batches: packed, buffer }
}

function sketch(batch: readonly StoreChange[]): Sketch {
  const heads = new Map<StoredMessage, Uint8Array>()
  const indices = new Map<StoredMessage, number>()
  const changes = batch.map((change): LedgerChange => {
    if (change.kind !== 'add') return change
    const { kind, shelf, position, deliveries, message: stored } = change
    let message = indices.get(stored)
    if (message === undefined) {
      message = indices.size
      indices.set(stored, message)
      heads.set(stored, encodeHead(stored))
    }
    return { kind, shelf, position, deliveries, message }
  })
  return { heads, changes }
}

/** About how many bytes a batch comes to. */
export function weigh(changes: readonly StoreChange[]): number {
  let bytes = 0
  for (const change of changes) bytes += change.kind === 'add' ? 200 + change.message.body.length : 50
  return bytes
}
