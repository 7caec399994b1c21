import { ProtocolError } from './errors.js'
import type { Headers } from './headers.js'
import { trim } from './octets.js'

const ZERO = 48

/**
 * The number in a `content-length` value: digits, spaces or tabs around them tolerated; -1 when it is anything else.
 * More digits than a number can hold exactly give a number that is still greater than any limit.
 */
export function parseContentLength(value: string): number {
  const digits = trim(value)
  let length = digits === '' ? -1 : 0
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(i) - ZERO
    // Not a digit, nor NaN.
    if (!(digit >= 0 && digit <= 9)) return -1
    length = length * 10 + digit
  }
  return length
}

/**
 * The number of bytes of the body, as `content-length` says. The body of a frame that was decoded has just that length.
 *
 * @returns undefined when there is no such header
 * @throws ProtocolError `STOMP_ERR_INVALID_CONTENT_LENGTH` when it is not a row of digits
 */
export function readContentLength(headers: Headers): number | undefined {
  const value = headers.get('content-length')
  if (value === undefined) return undefined
  const length = parseContentLength(value)
  if (length < 0) throw new ProtocolError('STOMP_ERR_INVALID_CONTENT_LENGTH', CONTENT_LENGTH_CURE)
  return length
}

export const CONTENT_LENGTH_CURE = 'content-length must be a row of digits: the number of bytes in the body'

/**
 * The MIME type of the body with its parameters, as in `text/plain;charset=utf-8`. Never throws.
 *
 * @returns `type` in lower case, as `text/plain`; `parameters` without prototype, their names in lower case, values
 * without their quotes, of a repeated one the first. Undefined when there is no `content-type` or it names no type:
 * take the body for a binary blob (STOMP 1.2, "Header content-type").
 */
export function readContentType(headers: Headers): { type: string; parameters: Record<string, string> } | undefined {
  const value = headers.get('content-type') ?? ''
  const type = /^\s*([^\s/;,"]+\/[^\s/;,"]+)\s*(?:;|$)/.exec(value)?.[1]
  if (type === undefined) return undefined
  const parameters: Record<string, string> = Object.create(null)
  // A quote that is never closed reaches to the end, so no byte is looked at twice.
  for (const [, name = '', quoted, bare = ''] of value.matchAll(
    /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;"]*))/gs,
  )) {
    parameters[name.toLowerCase()] ??= quoted === undefined ? bare.trim() : quoted.replace(/\\(.)/gs, '$1')
  }
  return { type: type.toLowerCase(), parameters }
}
