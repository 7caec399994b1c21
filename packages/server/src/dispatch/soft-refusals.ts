import { type Frame, headersFromFlat } from '@hoofbeat/codec'
import { retryAfterOf, type StompError } from '../errors.js'
import type { Reply, RoutePublication, SessionOwner } from '../routes/routes.js'
import { USER_PREFIX } from '../users/user-destination.js'
import type { Publications } from './publications.js'
import type { SubscriptionList } from './subscription-list.js'

/** Where a session listens that wants to be told of refusals by a MESSAGE and to live on; below `/user`. */
const ERROR_QUEUE = '/queue/errors'

/** What a session is told softly through. */
export interface SoftRefusalParts {
  /** True once the session has ended. */
  readonly isOver: boolean
  /** Counts one more; false: it has been told so often lately that it is told hard. */
  mayTellSoftly(): boolean
  readonly caller: SessionOwner
  readonly subscriptions: SubscriptionList
  readonly shared: { readonly publications: Publications }
}

/** A session that asks for more than so many refusals within this time gains nothing by living on; each is a line in the log. */
export const SOFT_REFUSALS = { count: 100, withinMs: 10_000 }

/** Whether the session listens at `/user/queue/errors`. */
export function isListening({ isOver, subscriptions }: SoftRefusalParts): boolean {
  return !isOver && subscriptions.isServedByBroker(`${USER_PREFIX}${ERROR_QUEUE}`)
}

/**
 * Sends a MESSAGE to `/user/queue/errors` of this session: with the `correlation-id` of the frame that has failed, and
 * with the `receipt-id` that it asked for, unless it `isSettled` and has its receipt.
 */
export async function tellSoftly(
  parts: SoftRefusalParts,
  frame: Frame,
  reply: Reply,
  isSettled = false,
): Promise<void> {
  const flat = [...reply.headers.flat]
  const receipt = frame.headers.get('receipt')
  if (receipt !== undefined && !isSettled) flat.push('receipt-id', receipt)
  const correlation = frame.headers.get('correlation-id')
  if (correlation !== undefined && !reply.headers.has('correlation-id')) flat.push('correlation-id', correlation)
  const publication: RoutePublication = {
    destination: ERROR_QUEUE,
    audience: 'session',
    headers: headersFromFlat(flat),
    body: reply.body,
  }
  await parts.shared.publications.publishAll([publication], parts.caller)
}

/** What a refusal says where no error handler of the application says it. */
export function replyOf(error: StompError): Reply {
  const { code, message, cure } = error
  const flat = ['content-type', 'application/json', 'code', code]
  const retryAfter = retryAfterOf(error)
  if (retryAfter !== undefined) flat.push('retry-after', retryAfter)
  return {
    headers: headersFromFlat(flat),
    body: new TextEncoder().encode(JSON.stringify({ code, message, cure })),
  }
}
