import { PROTOCOL_VERSION } from '../wire/protocol.js'
import type { CloseReason, Refusal, RefusalWord } from '../wire/requests.js'
import { REFUSALS } from '../wire/requests.js'
import type { Exchange } from './exchange.js'

/** When to come again where nothing better is known, in ms. */
const AFTER_MS = 1000

/** What a request is told that is not granted. */
export function refusalOf(error: RefusalWord, more: Partial<Refusal> = {}): Refusal {
  const isTransient = error === 'slow' || error === 'busy'
  return isTransient
    ? { v: PROTOCOL_VERSION, error, after: AFTER_MS, ...more }
    : { v: PROTOCOL_VERSION, error, ...more }
}

/** What is told of a link that is over; one without a verdict is as if it had never been. */
export function closedRefusal(verdict: CloseReason | undefined): Refusal {
  return verdict === undefined
    ? refusalOf('unknown')
    : refusalOf('closed', { code: verdict.code, reason: verdict.reason })
}

/** Answers an HTTP request with a refusal. */
export function refuse(exchange: Exchange<unknown>, refusal: Refusal): void {
  exchange.reply(REFUSALS[refusal.error], refusal)
}

/** The word for what a body reader or the application rejected with; undefined: the client has gone. */
export function wordOf(error: unknown): RefusalWord | undefined {
  const status = statusOf(error)
  switch (status) {
    case 401:
      return 'credentials'
    case 403:
      return 'forbidden'
    case 408:
    case 503:
      return 'busy'
    case 413:
      return 'large'
    case 429:
      return 'slow'
    default:
      // Other refusals of the application: to come again would change nothing.
      return typeof status === 'number' && status > 400 && status < 500 ? 'forbidden' : undefined
  }
}

function statusOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined
}
