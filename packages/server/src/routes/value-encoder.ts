import { createHeaders, type Headers, headersFromFlat } from '@hoofbeat/codec'
import type { Publication } from '../broker/broker.js'
import { isPromiseLike } from '../hooks/hooks.js'
import { type Codecs, isJsonType, isUtf8, NO_CODECS, parseContentType } from './codecs.js'
import type { PublishOptions } from './definition.js'
import type { Serialize } from './schema-compiler.js'
import { disown } from './stray-promise.js'

/** A value as it travels. */
export interface EncodedValue {
  readonly contentType: string
  /** Bytes given as bytes are not copied. */
  readonly body: Uint8Array
}

/** How values are written. */
export interface ValueFormat {
  /** That of the schema. @default JSON.stringify, or what the codec for JSON does */
  readonly serialize?: Serialize | undefined
  /** @default none */
  readonly codecs?: Codecs | undefined
}

/**
 * Encodes what a handler returned or the application publishes. As `contentType`, if that is given: bytes, and strings for
 * which no codec was added, go as they are; else its codec encodes the value, and the schema's serializer is asked first.
 * Without it a string is `text/plain;charset=utf-8`, bytes (any view or ArrayBuffer) are `application/octet-stream`, all
 * else is `application/json`. Null and undefined are nothing. Throws a TypeError for a promise, for what has no JSON form
 * (functions, streams, symbols, bigints, cycles), and for a content type that nobody can write.
 */
export function encodeValue(
  value: unknown,
  format: ValueFormat = {},
  contentType?: string | undefined,
): EncodedValue | undefined {
  if (value === undefined || value === null) return undefined
  const bytes = asBytes(value)
  if (bytes !== undefined) return { contentType: contentType ?? 'application/octet-stream', body: bytes }
  if (isPromiseLike(value)) {
    disown(value)
    throw new TypeError('A promise cannot be encoded: await it, and give what comes of it')
  }
  if (contentType !== undefined) return { contentType, body: encodeAs(contentType, value, format) }
  if (typeof value === 'string') return { contentType: 'text/plain;charset=utf-8', body: encodeUtf8(value) }
  return { contentType: 'application/json', body: encodeJson('application/json', value, format) }
}

/** True for what goes out as it is, unless a codec for it was added: nothing is left of it to be serialized. */
export function isReady(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string' || asBytes(value) !== undefined
}

/** Headers that say what a value is, before what a reply adds: `[name, value, name, value, ...]`. */
export function headersOf(encoded: EncodedValue, added: readonly string[] = []): Headers {
  const flat = ['content-type', encoded.contentType]
  return headersFromFlat(added.length === 0 ? flat : [...flat, ...added])
}

/**
 * What the application's own `publish` publishes. Null and undefined make an empty body without content type. Throws a
 * TypeError as {@link encodeValue} does.
 */
export function createPublication(
  destination: string,
  value: unknown,
  options: PublishOptions = {},
  codecs: Codecs = NO_CODECS,
): Publication {
  const given = createHeaders(options.headers ?? {})
  const wanted = options.contentType ?? given.get('content-type')
  const encoded = encodeValue(value, { codecs }, wanted)
  const contentType = wanted ?? encoded?.contentType
  const flat = contentType === undefined ? [] : ['content-type', contentType]
  for (const [name, text] of given) if (name !== 'content-type') flat.push(name, text)
  return { destination, headers: headersFromFlat(flat), body: encoded?.body ?? new Uint8Array(0) }
}

function encodeAs(contentType: string, value: unknown, format: ValueFormat): Uint8Array {
  const read = parseContentType(contentType)
  if (read === undefined) throw new TypeError(`'${contentType}' is no content type`)
  const { type } = read
  const isJson = isJsonType(type)
  const codec = format.codecs?.find(type)
  if (typeof value === 'string' && (codec === undefined || isJson)) {
    if (!isUtf8(read)) throw new TypeError(`A string is written in UTF-8, not as '${contentType}'`)
    return encodeUtf8(value)
  }
  if (isJson) return encodeJson(type, value, format)
  if (codec === undefined) {
    throw new TypeError(`There is no codec for '${type}': give bytes or a string, or add one by stomp.addCodec`)
  }
  // A schema describes what JSON can say: what it leaves out must not come out under another content type.
  const { serialize } = format
  const shaped: unknown = serialize === undefined || typeof value === 'string' ? value : JSON.parse(serialize(value))
  return asBody(codec.serialize(shaped), type)
}

function encodeJson(type: string, value: unknown, { serialize, codecs }: ValueFormat): Uint8Array {
  const codec = serialize === undefined ? codecs?.find(type) : undefined
  if (codec !== undefined) return asBody(codec.serialize(value), type)
  if (isOpaque(value)) throw new TypeError('A stream, iterator, Map or Set has no JSON form')
  const json = serialize === undefined ? JSON.stringify(value) : serialize(value)
  if (typeof json === 'string') return encodeUtf8(json)
  disown(json)
  throw new TypeError(`A value of type ${typeof value} has no JSON form`)
}

function asBody(written: unknown, type: string): Uint8Array {
  if (typeof written === 'string') return encodeUtf8(written)
  const bytes = asBytes(written)
  if (bytes !== undefined) return bytes
  disown(written)
  throw new TypeError(`The codec for '${type}' gave neither bytes nor a string; serialize must give them at once`)
}

const UTF8 = new TextEncoder()

function encodeUtf8(text: string): Uint8Array {
  return UTF8.encode(text)
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
