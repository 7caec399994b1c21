import { type Headers, headersFromFlat, readContentType } from '@hoofbeat/codec'
import type { FastifyInstance } from 'fastify'
import type { StompError } from '../errors.js'
import { createFault } from './fault.js'

/** Parses a body by the content type of its frame. Throws STOMP_ERR_BODY_INVALID. */
export type ParseBody = (body: Uint8Array, headers: Headers) => ParsedBody

/** A body and what it was taken for. */
export interface ParsedBody {
  readonly value: unknown
  /** Media type in lower case, without parameters; undefined if the frame named none. */
  readonly contentType: string | undefined
}

/**
 * Makes the parser of one route. Throws a TypeError where the assumed content type is none. JSON goes through Fastify's own parser, which refuses `__proto__` and
 * `constructor.prototype` keys. The rules stand at `RoutedMessage.body`.
 */
export function createBodyParser(instance: FastifyInstance, assumedContentType = 'application/json'): ParseBody {
  const assumed = readContentType(headersFromFlat(['content-type', assumedContentType]))
  if (assumed === undefined) throw new TypeError(`assumedContentType: '${assumedContentType}' is no content type`)
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
    const { type, parameters } = read ?? assumed
    if (type === 'application/json' || type.endsWith('+json')) {
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
    const charset = parameters.charset?.toLowerCase()
    if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii') {
      throw invalid('text must be in UTF-8')
    }
    return { value: decode(body), contentType }
  }
}

function invalid(why: string, cause?: unknown): StompError {
  return createFault('body', why, cause)
}
