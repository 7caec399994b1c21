import type { Headers } from '@hoofbeat/codec'
import { StompError } from '../../errors.js'
import type { Message } from '../../message/message.js'
import type { StoredMessage } from '../../store/message-store.js'

/** A message with what a broker needs to keep it for a while. */
export interface HeldMessage {
  readonly message: Message
  /** True if it must outlive the process, once it was taken over. */
  readonly isPersistent: boolean
  readonly publishedAtMs: number
  /** When it is worth nothing any more, in ms since the epoch; undefined: never. */
  readonly expiresAtMs: number | undefined
  /** What it costs to keep, for bounds: body, headers and what the process itself needs. */
  readonly bytes: number
}

/** What an empty message costs the process, roughly: objects and table entries. */
const OVERHEAD_BYTES = 512

/**
 * A body in memory of its own: what comes from a connection is often a view of a far larger piece, which would stay with
 * it for as long as the message is kept.
 */
export function compact(body: Uint8Array): Uint8Array {
  return body.buffer.byteLength > 2 * body.length + OVERHEAD_BYTES ? new Uint8Array(body) : body
}

/** Makes ready for keeping. Throws STOMP_ERR_HEADER_INVALID for an expiry that cannot be read. */
export function holdMessage(message: Message, nowMs: number): HeldMessage {
  return {
    message,
    isPersistent: message.headers.get('persistent') === 'true',
    publishedAtMs: nowMs,
    expiresAtMs: readExpiry(message.headers, nowMs),
    bytes: sizeOf(message),
  }
}

/** Throws STOMP_ERR_HEADER_INVALID for an expiry that cannot be read. */
export function checkExpiry(headers: Headers): void {
  if (mayExpire(headers)) readExpiry(headers, 0)
}

/** True if a message with these headers is worth nothing some day, or if it cannot be read when. */
export function mayExpire({ flat }: Headers): boolean {
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]
    if (name === 'expires' || name === 'expiration') return true
  }
  return false
}

/** A message that comes back out of a store. */
export function heldAgain(message: Message, stored: StoredMessage): HeldMessage {
  const { publishedAtMs, expiresAtMs } = stored
  return { message, isPersistent: true, publishedAtMs, expiresAtMs, bytes: sizeOf(message) }
}

/** The form in which a store keeps it. */
export function toStored({ message, publishedAtMs, expiresAtMs }: HeldMessage): StoredMessage {
  const { id, destination, headers, body } = message
  return { id, destination, headers, body, publishedAtMs, expiresAtMs }
}

/** True if it is worth nothing any more. */
export function isExpired(
  { expiresAtMs }: { readonly expiresAtMs?: number | undefined },
  nowMs: () => number,
): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs()
}

/**
 * When a message that is sent now is over, in ms since the epoch; undefined: never. `expires`: ms since the epoch (as
 * ActiveMQ), `expiration`: ms from now (as RabbitMQ). The earlier counts; 0: never. Throws STOMP_ERR_HEADER_INVALID for
 * what cannot be read.
 */
export function readExpiry(headers: Headers, nowMs: number): number | undefined {
  const expires = readMs(headers, 'expires')
  const expiration = readMs(headers, 'expiration')
  const end = expiration === undefined ? undefined : nowMs + expiration
  if (expires === undefined || end === undefined) return expires ?? end
  return Math.min(expires, end)
}

function readMs(headers: Headers, name: string): number | undefined {
  const text = headers.get(name)
  if (text === undefined || text === '0') return undefined
  if (/^[0-9]{1,15}$/.test(text)) return Number(text)
  throw new StompError('STOMP_ERR_HEADER_INVALID', {
    message: `The header '${name}' must be a whole number of milliseconds`,
    cure: 'expires is a time in milliseconds since 1970, expiration a span in milliseconds; leave both out for never.',
  })
}

function sizeOf({ headers, body }: Message): number {
  let bytes = OVERHEAD_BYTES + body.length
  for (const text of headers.flat) bytes += text.length
  return bytes
}
