import type { Item } from '../wire/items.js'
import { areItems } from '../wire/items.js'
import type { CloseReason } from '../wire/requests.js'

/** Most sub-protocols that a client may offer, and the longest of them. */
const MAX_PROTOCOLS = 16
const MAX_PROTOCOL_LENGTH = 64
/** Longest reason of a close, in bytes, as in a WebSocket. */
const MAX_REASON_BYTES = 123

type Fields = Readonly<Record<string, unknown>>

/** One message of the client, taken out of its batch. */
export interface UpMessage {
  readonly data: Uint8Array | string
  readonly byteLength: number
}

/** What an `up` asks beside its proof. */
export interface UpFields {
  readonly seq: number
  readonly ack: number
  readonly items: readonly Item[]
  readonly close: CloseReason | undefined
}

/** What a `down` or a control `a` asks beside its proof. */
export interface AttachFields {
  readonly attach: number
  readonly ack: number
  readonly hold: number | undefined
}

/** The sub-protocols of an `open`. Undefined: malformed. */
export function protocolsOf(fields: Fields): readonly string[] | undefined {
  const { protocols } = fields
  return Array.isArray(protocols) && protocols.length <= MAX_PROTOCOLS && protocols.every(isProtocol)
    ? protocols
    : undefined
}

/** The fields of an `up`. Undefined: malformed. */
export function upFieldsOf(fields: Fields): UpFields | undefined {
  const { seq, ack, items } = fields
  if (!isNumber(seq) || seq === 0 || !isNumber(ack) || !areItems(items)) return undefined
  if (fields.close === undefined) return { seq, ack, items, close: undefined }
  const close = closeOf(fields.close)
  return close === undefined ? undefined : { seq, ack, items, close }
}

/** The fields of an attach. Undefined: malformed. */
export function attachFieldsOf(fields: Fields): AttachFields | undefined {
  const { attach, ack, hold } = fields
  if (!isNumber(attach) || attach === 0 || !isNumber(ack)) return undefined
  if (hold !== undefined && !isNumber(hold)) return undefined
  return { attach, ack, hold }
}

/** How a client closes. Without a code it is 1005, as with a WebSocket. Undefined: malformed. */
export function closeOf(value: unknown): CloseReason | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const code = 'code' in value ? value.code : 1005
  const reason = 'reason' in value ? value.reason : ''
  if (!isNumber(code) || code < 1000 || code > 4999 || typeof reason !== 'string') return undefined
  return Buffer.byteLength(reason) > MAX_REASON_BYTES ? undefined : { code, reason }
}

/** The message of an item. Undefined: text with lone surrogates, or base64 that is not canonical. */
export function messageOf(item: Item): UpMessage | undefined {
  if (typeof item === 'string') {
    return LONE_SURROGATE.test(item) ? undefined : { data: item, byteLength: Buffer.byteLength(item) }
  }
  const data = Buffer.from(item.b, 'base64')
  return data.toString('base64') === item.b ? { data, byteLength: data.byteLength } : undefined
}

/** Whether it counts or numbers something: a whole number, at least 0. */
export function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

const LONE_SURROGATE = /\p{Surrogate}/u

function isProtocol(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_PROTOCOL_LENGTH
}
