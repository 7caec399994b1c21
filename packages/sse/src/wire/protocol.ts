/** The WebSocket sub-protocol by which a link is told apart from a plain STOMP WebSocket on the same path. */
export const LINK_PROTOCOL = 'v1.link.hoofbeat'

/** The version that every request, reply and first event carries as `v`. */
export const PROTOCOL_VERSION = 1

/**
 * First character of a control message on a WebSocket. Data that begin with it get one more in front, which the
 * receiver takes off (PROTOCOL.md, section 6).
 */
export const CONTROL_MARK = '\u0001'
