import { STOMP_ERRORS, StompError, type StompErrorCode } from '../errors.js'

/** The parts of a frame that a route checks. */
export type FramePart = 'params' | 'body' | 'headers'

const CODES = {
  params: 'STOMP_ERR_PARAMS_INVALID',
  body: 'STOMP_ERR_BODY_INVALID',
  headers: 'STOMP_ERR_HEADERS_INVALID',
} as const satisfies Record<FramePart, StompErrorCode>

/** Longest description that is sent, in UTF-16 units. */
const MAX_DESCRIPTION = 400

/**
 * The refusal of one part of a frame. `why` may quote names that the client chose (keys of a JSON body): it becomes a
 * header, so control characters, which not every version can write, are replaced, and its length is bounded.
 */
export function createFault(part: FramePart, why: string, cause: unknown): StompError {
  const code = CODES[part]
  const clean = why.replace(/[\u0000-\u001f\u007f]/g, '\uFFFD')
  const short = clean.length > MAX_DESCRIPTION ? `${clean.slice(0, MAX_DESCRIPTION)}...` : clean
  return new StompError(code, { message: `${STOMP_ERRORS[code].message}: ${short}`, cause })
}
