/**
 * Every refusal the server can speak, in one table: what was wrong, what to do, and the HTTP status or WebSocket
 * close code that goes with it. `docs/errors.md` mirrors it (a test compares the two).
 *
 * An ERROR frame carries `message` in its `message` header, the code in its `code` header, and the cure in its body.
 */
export const STOMP_ERRORS: Readonly<Record<StompErrorCode, { readonly message: string; readonly cure: string }>> = {
  STOMP_ERR_NOT_CONNECTED: {
    message: 'The first frame must be CONNECT or STOMP',
    cure: 'Open the session with a CONNECT frame and wait for CONNECTED before anything else.',
  },
  STOMP_ERR_ALREADY_CONNECTED: {
    message: 'This session is connected already',
    cure: 'Send CONNECT or STOMP once per connection. For another session open another connection.',
  },
  STOMP_ERR_CONNECT_TIMEOUT: {
    message: 'No CONNECT frame came in time',
    cure: 'Send a CONNECT frame right after the connection is open.',
  },
  STOMP_ERR_FRAME_TIMEOUT: {
    message: 'A frame was begun and not finished in time',
    cure: 'End each frame with a NUL byte, and let content-length be the number of bytes of the body, not of characters.',
  },
  STOMP_ERR_VERSION_UNSUPPORTED: {
    message: 'None of the offered protocol versions is supported',
    cure: 'Supported protocol versions are 1.0, 1.1 and 1.2: name at least one of them in accept-version.',
  },
  STOMP_ERR_NOT_AUTHENTICATED: {
    message: 'The credentials were not accepted',
    cure: 'Connect again with valid credentials.',
  },
  STOMP_ERR_CREDENTIALS_EXPIRED: {
    message: 'The credentials have ended',
    cure: 'Connect again with new credentials, or renew them in time by a SEND to /session/renew.',
  },
  STOMP_ERR_USER_NAME_INVALID: {
    message: 'The user name cannot be written into a header',
    cure: 'A user name must be a non-empty text without control characters, for STOMP 1.0 also without spaces around it.',
  },
  STOMP_ERR_HEADER_MISSING: {
    message: 'A required header is missing',
    cure: 'Add the header that the message names.',
  },
  STOMP_ERR_HEADER_INVALID: {
    message: 'A header has a value that is not allowed',
    cure: 'Correct the header that the message names.',
  },
  STOMP_ERR_DESTINATION_INVALID: {
    message: 'The destination is not well-formed',
    cure: 'A destination starts with a slash, has no empty segment, no control character and no space at its end; * and ** stand alone in a segment and only in SUBSCRIBE.',
  },
  STOMP_ERR_DESTINATION_UNKNOWN: {
    message: 'Nothing is served at this destination',
    cure: 'Check the spelling of the destination and its prefix.',
  },
  STOMP_ERR_ROUTE_UNKNOWN: {
    message: 'No message route matches this destination',
    cure: 'Check the spelling of the destination. SEND reaches message routes, SUBSCRIBE reaches subscription routes.',
  },
  STOMP_ERR_FORBIDDEN: {
    message: 'This is not allowed for this session',
    cure: 'Ask the operator of the service for the right to use this destination.',
  },
  STOMP_ERR_CSRF: {
    message: 'The CSRF token was not accepted',
    cure: 'Fetch a token from the application over HTTP before connecting, and send it with CONNECT or the request.',
  },
  STOMP_ERR_RATE_LIMIT: {
    message: 'More was sent than is allowed in this time',
    cure: 'Send it again later, and less often.',
  },
  STOMP_ERR_SUBSCRIPTION_EXISTS: {
    message: 'A subscription with this id exists already',
    cure: 'Use another id, or UNSUBSCRIBE the first one before.',
  },
  STOMP_ERR_SUBSCRIPTION_UNKNOWN: {
    message: 'There is no subscription with this id',
    cure: 'UNSUBSCRIBE takes the id of a SUBSCRIBE of this same session.',
  },
  STOMP_ERR_STREAM_LIMIT: {
    message: 'This session has too many streams open',
    cure: 'Ask for fewer of them at a time. The operator can raise limits.maxStreams.',
  },
  STOMP_ERR_SUBSCRIPTION_LIMIT: {
    message: 'This session has as many subscriptions as are allowed',
    cure: 'UNSUBSCRIBE what is no longer needed.',
  },
  STOMP_ERR_SELECTOR_INVALID: {
    message: 'The selector is not well-formed',
    cure: 'A selector is one condition on headers in the words of JMS. Correct it where the message says.',
  },
  STOMP_ERR_DESTINATION_LIMIT: {
    message: 'The broker has as many destinations as are allowed',
    cure: 'Try again later, or ask the operator to raise the limit.',
  },
  STOMP_ERR_QUEUE_FULL: {
    message: 'The queue is full',
    cure: 'Send again later, when consumers have caught up; nothing was kept of this message.',
  },
  STOMP_ERR_ACK_UNKNOWN: {
    message: 'ACK or NACK names no message that waits for it',
    cure: 'Answer each message once, on the session that got it: in STOMP 1.2 with the id from its ack header, in 1.1 with its message-id and subscription, in 1.0 with its message-id.',
  },
  STOMP_ERR_TRANSACTION_EXISTS: {
    message: 'A transaction with this name is open already',
    cure: 'BEGIN with a name that is not in use, or COMMIT or ABORT the open one first.',
  },
  STOMP_ERR_TRANSACTION_UNKNOWN: {
    message: 'No transaction with this name is open',
    cure: 'BEGIN it first; COMMIT and ABORT end it.',
  },
  STOMP_ERR_TRANSACTION_LIMIT: {
    message: 'Too many transactions are open, or one is too large',
    cure: 'COMMIT or ABORT open transactions, and keep each of them short.',
  },
  STOMP_ERR_UNSUPPORTED: {
    message: 'This server does not offer what was asked for',
    cure: 'Leave out the command or header that the message names.',
  },
  STOMP_ERR_BODY_INVALID: {
    message: 'The body is not what this destination takes',
    cure: 'Send a body of the content type and shape that the route expects.',
  },
  STOMP_ERR_PARAMS_INVALID: {
    message: 'The destination does not fit the schema of the route',
    cure: 'Correct the segment of the destination that the message names.',
  },
  STOMP_ERR_HEADERS_INVALID: {
    message: 'The headers do not fit the schema of the route',
    cure: 'Correct the header that the message names.',
  },
  STOMP_ERR_HANDLER_FAILED: {
    message: 'The message could not be processed',
    cure: 'The fault is on the server and has been logged. Try again later.',
  },
  STOMP_ERR_MESSAGE_TOO_LARGE: {
    message: 'The transport message is larger than this server takes',
    cure: 'Send smaller frames, and fewer of them in one transport message.',
  },
  STOMP_ERR_TRANSPORT: {
    message: 'The transport protocol was broken',
    cure: 'Check the client or what stands between it and the server.',
  },
  STOMP_ERR_SILENT: {
    message: 'Nothing was heard for too long',
    cure: 'Send heart-beats as negotiated, or negotiate none.',
  },
  STOMP_ERR_SLOW_READER: {
    message: 'Messages were not read fast enough',
    cure: 'Connect again and read faster, or subscribe to less.',
  },
  STOMP_ERR_BROKER_UNAVAILABLE: {
    message: 'The message broker cannot be reached, and what was asked could not wait any longer',
    cure: 'Try again a little later.',
  },
  STOMP_ERR_BROKER_REFUSED: {
    message: 'The message broker has refused this',
    cure: 'Compare what was asked with what the broker allows; the log of the server has its words.',
  },
  STOMP_ERR_CLOSING: {
    message: 'The server is shutting down',
    cure: 'Connect again in a moment.',
  },
  STOMP_ERR_DISCONNECTED: {
    message: 'The server has ended this session',
    cure: 'The operator of the service can say why. Do not connect again by yourself at once.',
  },
  STOMP_ERR_ORIGIN_REFUSED: {
    message: 'Pages of this origin may not connect',
    cure: 'Serve the page from the same origin, or have the operator list its origin.',
  },
  STOMP_ERR_UPGRADE_REQUIRED: {
    message: 'This is a WebSocket endpoint',
    cure: 'Connect with a WebSocket client (ws:// or wss://).',
  },
  STOMP_ERR_BINARY_UNSUPPORTED: {
    message: 'This client is reached by text only',
    cure: 'SockJS carries no binary: send text, or have the client connect by WebSocket or the fallback.',
  },
  STOMP_ERR_STORE_FULL: {
    message: 'There is no room to keep this message',
    cure: 'Send it again later. The operator can make room on the disk, or allow the message store more of it.',
  },
  STOMP_ERR_STORE_FAILED: {
    message: 'The message store failed',
    cure: 'The fault is on the server and has been logged. It must be started anew once the fault is mended.',
  },
  STOMP_ERR_STORE_LOCKED: {
    message: 'The directory of the message store is in use by another process',
    cure: 'End the other process, or give this one a directory of its own.',
  },
  STOMP_ERR_STORE_DAMAGED: {
    message: 'The message store is damaged',
    cure: 'Restore the directory from a backup, or call repairDurableStore on it: that saves what is whole and tells what is lost.',
  },
  STOMP_ERR_STORE_FORMAT: {
    message: 'The message store is written in another format',
    cure: 'Use the version of @hoofbeat/server that wrote it, or another directory.',
  },
}

/** A refusal's name; stable, to be tested for by callers. */
export type StompErrorCode =
  | 'STOMP_ERR_NOT_CONNECTED'
  | 'STOMP_ERR_ALREADY_CONNECTED'
  | 'STOMP_ERR_CONNECT_TIMEOUT'
  | 'STOMP_ERR_FRAME_TIMEOUT'
  | 'STOMP_ERR_VERSION_UNSUPPORTED'
  | 'STOMP_ERR_NOT_AUTHENTICATED'
  | 'STOMP_ERR_CREDENTIALS_EXPIRED'
  | 'STOMP_ERR_USER_NAME_INVALID'
  | 'STOMP_ERR_HEADER_MISSING'
  | 'STOMP_ERR_HEADER_INVALID'
  | 'STOMP_ERR_DESTINATION_INVALID'
  | 'STOMP_ERR_DESTINATION_UNKNOWN'
  | 'STOMP_ERR_ROUTE_UNKNOWN'
  | 'STOMP_ERR_FORBIDDEN'
  | 'STOMP_ERR_CSRF'
  | 'STOMP_ERR_RATE_LIMIT'
  | 'STOMP_ERR_SUBSCRIPTION_EXISTS'
  | 'STOMP_ERR_SUBSCRIPTION_UNKNOWN'
  | 'STOMP_ERR_SUBSCRIPTION_LIMIT'
  | 'STOMP_ERR_STREAM_LIMIT'
  | 'STOMP_ERR_SELECTOR_INVALID'
  | 'STOMP_ERR_DESTINATION_LIMIT'
  | 'STOMP_ERR_QUEUE_FULL'
  | 'STOMP_ERR_ACK_UNKNOWN'
  | 'STOMP_ERR_TRANSACTION_EXISTS'
  | 'STOMP_ERR_TRANSACTION_UNKNOWN'
  | 'STOMP_ERR_TRANSACTION_LIMIT'
  | 'STOMP_ERR_UNSUPPORTED'
  | 'STOMP_ERR_BODY_INVALID'
  | 'STOMP_ERR_PARAMS_INVALID'
  | 'STOMP_ERR_HEADERS_INVALID'
  | 'STOMP_ERR_HANDLER_FAILED'
  | 'STOMP_ERR_MESSAGE_TOO_LARGE'
  | 'STOMP_ERR_TRANSPORT'
  | 'STOMP_ERR_SILENT'
  | 'STOMP_ERR_SLOW_READER'
  | 'STOMP_ERR_BROKER_UNAVAILABLE'
  | 'STOMP_ERR_BROKER_REFUSED'
  | 'STOMP_ERR_CLOSING'
  | 'STOMP_ERR_DISCONNECTED'
  | 'STOMP_ERR_ORIGIN_REFUSED'
  | 'STOMP_ERR_UPGRADE_REQUIRED'
  | 'STOMP_ERR_BINARY_UNSUPPORTED'
  | 'STOMP_ERR_STORE_FULL'
  | 'STOMP_ERR_STORE_FAILED'
  | 'STOMP_ERR_STORE_LOCKED'
  | 'STOMP_ERR_STORE_DAMAGED'
  | 'STOMP_ERR_STORE_FORMAT'
