import { createHeaders, type Headers, headersFromFlat } from '@hoofbeat/codec'
import type { Publication } from '../broker/broker.js'
import type { PublishOptions } from './definition.js'
import type { Serialize } from './schema-compiler.js'

/** A value as it travels. */
export interface EncodedValue {
  readonly contentType: string
  /** Bytes given as bytes are not copied. */
  readonly body: Uint8Array
}

/**
 * Encodes what a handler returned or the application publishes: a string is `text/plain;charset=utf-8`, bytes (any view
 * or ArrayBuffer) are `application/octet-stream`, all else is `application/json`, by `serialize` if given. Null and
 * undefined are nothing. Throws a TypeError for what has no JSON form (functions, streams, symbols, bigints, cycles).
 */
export function encodeValue(value: unknown, serialize?: Serialize): EncodedValue | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return { contentType: 'text/plain;charset=utf-8', body: encodeUtf8(value) }
  const bytes = asBytes(value)
  if (bytes !== undefined) return { contentType: 'application/octet-stream', body: bytes }
  if (isOpaque(value)) throw new TypeError('A stream, iterator, Map or Set has no JSON form')
  const json = serialize === undefined ? JSON.stringify(value) : serialize(value)
  if (typeof json !== 'string') throw new TypeError(`A value of type ${typeof value} has no JSON form`)
  return { contentType: 'application/json', body: encodeUtf8(json) }
}

/** Headers that say only what a value is. */
export function headersOf(encoded: EncodedValue): Headers {
  return headersFromFlat(['content-type', encoded.contentType])
}

/**
 * What the application's own `publish` publishes. Null and undefined make an empty body without content type. Throws a
 * TypeError as {@link encodeValue} does.
 */
export function createPublication(destination: string, value: unknown, options: PublishOptions = {}): Publication {
  const encoded = encodeValue(value)
  const body = encoded?.body ?? new Uint8Array(0)
  const given = createHeaders(options.headers ?? {})
  const contentType = options.contentType ?? given.get('content-type') ?? encoded?.contentType
  const flat = contentType === undefined ? [] : ['content-type', contentType]
  for (const [name, text] of given) if (name !== 'content-type') flat.push(name, text)
  return { destination, headers: headersFromFlat(flat), body }
}

function encodeUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function asBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined
}

// JSON.stringify would make `{}` of them, in silence.
function isOpaque(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || 'toJSON' in value) return false
  return Symbol.iterator in value || Symbol.asyncIterator in value
}
