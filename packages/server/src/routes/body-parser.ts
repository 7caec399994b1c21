import { type Headers, readContentType } from '@hoofbeat/codec'
import type { FastifyInstance } from 'fastify'
import { isForPeer, StompError } from '../errors.js'
import { isPromiseLike } from '../hooks/hooks.js'
import {
  type Codecs,
  type ContentType,
  isJsonType,
  isUtf8,
  NO_CODECS,
  parseContentType,
  type StompCodec,
} from './codecs.js'
import { createFault } from './fault.js'
import { disown } from './stray-promise.js'

/** Parses a body by the content type of its frame. Throws STOMP_ERR_BODY_INVALID. */
export type ParseBody = (body: Uint8Array, headers: Headers) => ParsedBody

/** A body and what it was taken for. */
export interface ParsedBody {
  readonly value: unknown
  /** Media type in lower case, without parameters; undefined if the frame named none. */
  readonly contentType: string | undefined
}

/**
 * Makes the parser of one route. Throws a TypeError where the assumed content type is none, or one that is never read. JSON
 * goes through Fastify's own parser, which refuses `__proto__` and `constructor.prototype` keys. The rules stand at
 * `RoutedMessage.body`.
 */
export function createBodyParser(
  instance: FastifyInstance,
  assumedContentType = 'application/json',
  codecs: Codecs = NO_CODECS,
): ParseBody {
  const assumed = readAssumed(assumedContentType, codecs)
  const parseJson = instance.getDefaultJsonParser('error', 'error')
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  const decode = (body: Uint8Array): string => {
    try {
      return utf8.decode(body)
    } catch (cause) {
      throw invalid('it is not valid UTF-8', cause)
    }
  }
  return (body, headers) => {
    const read = readContentType(headers)
    if (read === undefined && headers.has('content-type')) throw invalid('its content-type cannot be read')
    const contentType = read?.type
    if (body.length === 0) return { value: undefined, contentType }
    const meant = read ?? assumed
    const { type } = meant
    const codec = codecs.find(type)
    if (codec !== undefined) return { value: parseBy(codec, body, meant), contentType }
    if (isJsonType(type)) {
      const text = decode(body)
      let value: unknown
      let failure: Error | null = null
      // The parser looks at no request, and calls back before it returns.
      Reflect.apply(parseJson, undefined, [
        undefined,
        text,
        (error: Error | null, parsed: unknown) => {
          failure = error
          value = parsed
        },
      ])
      if (failure !== null) throw invalid('it is not valid JSON', failure)
      return { value, contentType }
    }
    if (!type.startsWith('text/')) return { value: body, contentType }
    if (!isUtf8(meant)) throw invalid('text must be in UTF-8')
    return { value: decode(body), contentType }
  }
}

function readAssumed(text: string, codecs: Codecs): ContentType {
  const read = parseContentType(text)
  if (read === undefined) throw new TypeError(`assumedContentType: '${text}' is no content type`)
  if (read.type.startsWith('text/') && !isUtf8(read) && codecs.find(read.type) === undefined) {
    throw new TypeError(`assumedContentType: text is read in UTF-8 only, not as '${text}'`)
  }
  return read
}

function parseBy(codec: StompCodec, body: Uint8Array, contentType: ContentType): unknown {
  let value: unknown
  try {
    value = codec.parse(body, contentType)
  } catch (cause) {
    const isShown = cause instanceof Error && isForPeer(cause)
    throw invalid(isShown ? cause.message : `it is not valid ${contentType.type}`, cause)
  }
  if (!isPromiseLike(value)) return value
  disown(value)
  const cause = new TypeError(`the codec for '${contentType.type}' gave a promise: parse must give the value at once`)
  throw new StompError('STOMP_ERR_HANDLER_FAILED', { cause })
}

function invalid(why: string, cause?: unknown): StompError {
  return createFault('body', why, cause)
}
