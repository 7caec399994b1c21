/** The WebSocket sub-protocol by which a link is told apart from a plain STOMP WebSocket on the same path. */
export const LINK_PROTOCOL = 'v1.link.hoofbeat'

/** The version that every request, reply and first event carries as `v`. */
export const PROTOCOL_VERSION = 1

/**
 * First character of a control message on a WebSocket. Data that begin with it get one more in front, which the
 * receiver takes off (PROTOCOL.md, section 6).
 */
export const CONTROL_MARK = '\u0001'

/** Close codes of links (PROTOCOL.md, section 11). Those below 4000 are registered for WebSockets. */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  illFormed: 1007,
  tooLarge: 1009,
  failed: 1011,
  restart: 1012,
  tryLater: 1013,
  protocol: 4400,
  credentials: 4401,
  forbidden: 4403,
  lost: 4404,
  timePassed: 4408,
  limit: 4429,
} as const
