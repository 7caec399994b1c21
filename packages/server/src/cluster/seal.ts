/**
 * How a message between nodes is sealed. The whole of it is one body, so that no broker can change what it does not
 * understand:
 *
 * ```
 * 32 bytes   HMAC-SHA256 of all that follows, by a key that is derived from the secret of the cluster
 *  4 bytes   length of the letterhead, big-endian
 *            letterhead: JSON [from, topic, stream, kind, sequence, epochMs, clockMs, head]
 *            body
 * ```
 *
 * The topic is sealed too, so that a message cannot be heard where it was not meant to be.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

const SEAL_BYTES = 32
const LENGTH_BYTES = 4

/**
 * ordered: what one node says at one topic, one after the other. loose: on whatever way the messages of a session take to
 * the broker, so that one may overtake another.
 */
export type Stream = 'ordered' | 'loose'

/** A message between nodes. */
export interface Letter {
  /** The id of the node that has written it. */
  readonly from: string
  /** Where it is told. */
  readonly topic: string
  readonly stream: Stream
  readonly kind: string
  /** One more with each letter of its sender to this topic, in this stream. */
  readonly sequence: number
  /** When it was written, by the sender's clock. */
  readonly epochMs: number
  /** The same by its clock that only runs forward, which says nothing about that of others. */
  readonly clockMs: number
  /** As JSON has it. */
  readonly head: unknown
  readonly body: Uint8Array
}

/** Seals and opens. */
export interface Seal {
  /** @throws TypeError where JSON cannot have the head */
  close(letter: Letter): Uint8Array
  /** Undefined for what was not sealed with this key, or is not as it was. */
  open(bytes: Uint8Array): Letter | undefined
}

/** Makes the seal of a cluster. */
export function createSeal(key: Uint8Array): Seal {
  const sign = (sealed: Uint8Array): Uint8Array => createHmac('sha256', key).update(sealed).digest()
  return {
    close({ from, topic, stream, kind, sequence, epochMs, clockMs, head, body }) {
      const letterhead = Buffer.from(JSON.stringify([from, topic, stream, kind, sequence, epochMs, clockMs, head]))
      const bytes = Buffer.allocUnsafe(SEAL_BYTES + LENGTH_BYTES + letterhead.length + body.length)
      bytes.writeUInt32BE(letterhead.length, SEAL_BYTES)
      bytes.set(letterhead, SEAL_BYTES + LENGTH_BYTES)
      bytes.set(body, SEAL_BYTES + LENGTH_BYTES + letterhead.length)
      bytes.set(sign(bytes.subarray(SEAL_BYTES)))
      return bytes
    },
    open(bytes) {
      if (bytes.length < SEAL_BYTES + LENGTH_BYTES) return undefined
      const sealed = Buffer.from(bytes.buffer, bytes.byteOffset + SEAL_BYTES, bytes.length - SEAL_BYTES)
      if (!timingSafeEqual(sign(sealed), bytes.subarray(0, SEAL_BYTES))) return undefined
      const end = LENGTH_BYTES + sealed.readUInt32BE(0)
      if (end > sealed.length) return undefined
      return read(sealed.toString('utf8', LENGTH_BYTES, end), sealed.subarray(end))
    },
  }
}

function read(letterhead: string, body: Uint8Array): Letter | undefined {
  let parts: unknown
  try {
    parts = JSON.parse(letterhead)
  } catch {
    return undefined
  }
  if (!Array.isArray(parts)) return undefined
  const [from, topic, stream, kind, sequence, epochMs, clockMs, head]: readonly unknown[] = parts
  if (typeof from !== 'string' || typeof topic !== 'string' || typeof kind !== 'string') return undefined
  if (stream !== 'ordered' && stream !== 'loose') return undefined
  if (typeof sequence !== 'number' || typeof epochMs !== 'number' || typeof clockMs !== 'number') return undefined
  return { from, topic, stream, kind, sequence, epochMs, clockMs, head, body }
}
