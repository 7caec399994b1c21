import type { StompError } from '../errors.js'

const STATUSES: Readonly<Record<string, number>> = {
  STOMP_ERR_NOT_AUTHENTICATED: 401,
  STOMP_ERR_USER_NAME_INVALID: 401,
  STOMP_ERR_FORBIDDEN: 403,
  STOMP_ERR_ORIGIN_REFUSED: 403,
  STOMP_ERR_DESTINATION_UNKNOWN: 404,
  STOMP_ERR_ROUTE_UNKNOWN: 404,
  STOMP_ERR_MESSAGE_TOO_LARGE: 413,
  STOMP_ERR_SUBSCRIPTION_LIMIT: 429,
  STOMP_ERR_HANDLER_FAILED: 500,
  STOMP_ERR_DESTINATION_LIMIT: 503,
  STOMP_ERR_QUEUE_FULL: 503,
  STOMP_ERR_CLOSING: 503,
  STOMP_ERR_STORE_FAILED: 503,
  STOMP_ERR_STORE_FULL: 507,
}

/** The HTTP status of a refusal; what is not listed is a fault of the request. */
export function statusOf(error: StompError): number {
  return STATUSES[error.code] ?? 400
}
