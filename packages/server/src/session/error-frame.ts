import type { FrameInit, ProtocolError } from '@hoofbeat/codec'
import { retryAfterOf } from '../errors.js'

/** What an ERROR frame says: a StompError, or a ProtocolError of the codec with a cure. */
export interface Refusal {
  readonly code: string
  readonly message: string
  readonly cure: string
  readonly retryAfterMs?: number | undefined
}

/** What is said to a client whose bytes are no STOMP. */
export function refusalOf(error: ProtocolError): Refusal {
  const where = error.offset < 0 ? '' : ` The fault is at byte ${error.offset} of what was sent.`
  return { code: error.code, message: error.message, cure: `Correct the frame and connect again.${where}` }
}

/**
 * The ERROR frame for a refusal: `message` what was wrong, `code` the stable name, `receipt-id` of the frame that asked
 * for a receipt (STOMP 1.2, "ERROR"), and a plain text body with the cure. Its charset is named because stompit 1.0 ends
 * its process over an ERROR of bare `text/plain`.
 */
export function errorFrame(refusal: Refusal, receipt: string | undefined): FrameInit {
  const headers: [string, string][] = [
    ['message', oneLine(refusal.message)],
    ['code', refusal.code],
  ]
  if (receipt !== undefined) headers.push(['receipt-id', receipt])
  if (refusal.code === 'STOMP_ERR_VERSION_UNSUPPORTED') headers.push(['version', '1.0,1.1,1.2'])
  const retryAfter = retryAfterOf(refusal)
  if (retryAfter !== undefined) headers.push(['retry-after', retryAfter])
  headers.push(['content-type', 'text/plain;charset=utf-8'])
  return { command: 'ERROR', headers, body: refusal.cure }
}

/** The WebSocket close code behind a refusal: 4401 tells a client to get new credentials before it comes back. */
export function closeCodeOf({ code }: Refusal): number {
  return code === 'STOMP_ERR_CREDENTIALS_EXPIRED' ? 4401 : 1002
}

/** The message may quote what a client sent; in STOMP 1.0 nothing is escaped, so a line break would end the header. */
function oneLine(message: string): string {
  return message.replace(/[\u0000-\u001f]+/g, ' ').trim()
}
