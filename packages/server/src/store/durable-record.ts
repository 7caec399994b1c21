import { headersFromFlat } from '@hoofbeat/codec'
import type { StoredMessage } from './message-store.js'

/*
 * A message as bytes: the length of the head (four bytes, little-endian), the head as JSON text in UTF-8
 * `[id, destination, publishedAtMs, expiresAtMs or null, name, value, name, value, ...]`, and the body as it is.
 */

const HEAD_LENGTH_BYTES = 4

/** What comes before a body. */
export function encodeHead(message: StoredMessage): Uint8Array {
  const { id, destination, publishedAtMs, expiresAtMs = null, headers } = message
  return Buffer.from(JSON.stringify([id, destination, publishedAtMs, expiresAtMs, ...headers.flat]))
}

/** How long a message is whose head was encoded. */
export function recordLength(head: Uint8Array, body: Uint8Array): number {
  return HEAD_LENGTH_BYTES + head.length + body.length
}

/** Writes a message to the start of `target`, which has the room. */
export function writeRecord(target: Uint8Array, head: Uint8Array, body: Uint8Array): void {
  new DataView(target.buffer, target.byteOffset).setUint32(0, head.length, true)
  target.set(head, HEAD_LENGTH_BYTES)
  target.set(body, HEAD_LENGTH_BYTES + head.length)
}

/** Reads a message; undefined if it is none. Its body is a view of `bytes`. */
export function readRecord(bytes: Uint8Array): StoredMessage | undefined {
  if (bytes.length < HEAD_LENGTH_BYTES) return undefined
  const headEnd = HEAD_LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  if (headEnd > bytes.length) return undefined
  const head = parse(Buffer.from(bytes.buffer, bytes.byteOffset, headEnd).toString('utf8', HEAD_LENGTH_BYTES))
  if (!Array.isArray(head)) return undefined
  const [id, destination, publishedAtMs, expiresAtMs, ...flat]: unknown[] = head
  if (typeof id !== 'string' || typeof destination !== 'string' || typeof publishedAtMs !== 'number') return undefined
  if (expiresAtMs !== null && typeof expiresAtMs !== 'number') return undefined
  if (flat.length % 2 !== 0 || !flat.every((part) => typeof part === 'string')) return undefined
  const headers = headersFromFlat(flat)
  const body = bytes.subarray(headEnd)
  return { id, destination, headers, body, publishedAtMs, expiresAtMs: expiresAtMs ?? undefined }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
