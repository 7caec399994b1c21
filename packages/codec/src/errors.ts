/**
 * Why a frame was refused. Callers test `code`, never the text and never `instanceof`: two module formats of this
 * package can be loaded at once, each with its own class.
 *
 * Reading:
 * - `STOMP_ERR_UNKNOWN_COMMAND` the first line is no STOMP command (or longer than any)
 * - `STOMP_ERR_WRONG_DIRECTION` a command only the other side may send (decoder option `from`)
 * - `STOMP_ERR_MALFORMED_HEADER` a header line without colon, or with an empty name
 * - `STOMP_ERR_NUL_IN_HEADER` the frame ends inside its header section
 * - `STOMP_ERR_UNDEFINED_ESCAPE` a backslash followed by anything the version does not define
 * - `STOMP_ERR_ILL_FORMED_UTF8` header bytes that are not UTF-8
 * - `STOMP_ERR_TOO_MANY_HEADERS`, `STOMP_ERR_HEADER_LINE_TOO_LONG`, `STOMP_ERR_HEADERS_TOO_LONG`,
 *   `STOMP_ERR_BODY_TOO_LARGE` over a limit
 * - `STOMP_ERR_INVALID_CONTENT_LENGTH` not a row of digits
 * - `STOMP_ERR_BODY_NOT_TERMINATED` no NUL where `content-length` says that the body ends
 * - `STOMP_ERR_BODY_NOT_ALLOWED` a body on a frame that must not have one (writing too)
 * - `STOMP_ERR_INVALID_HEART_BEAT` a `heart-beat` header that is not two numbers
 *
 * Writing:
 * - `STOMP_ERR_UNWRITABLE_HEADER` the version has no way to write this header
 */
export type ProtocolErrorCode =
  | 'STOMP_ERR_UNKNOWN_COMMAND'
  | 'STOMP_ERR_WRONG_DIRECTION'
  | 'STOMP_ERR_MALFORMED_HEADER'
  | 'STOMP_ERR_NUL_IN_HEADER'
  | 'STOMP_ERR_UNDEFINED_ESCAPE'
  | 'STOMP_ERR_ILL_FORMED_UTF8'
  | 'STOMP_ERR_TOO_MANY_HEADERS'
  | 'STOMP_ERR_HEADER_LINE_TOO_LONG'
  | 'STOMP_ERR_HEADERS_TOO_LONG'
  | 'STOMP_ERR_BODY_TOO_LARGE'
  | 'STOMP_ERR_INVALID_CONTENT_LENGTH'
  | 'STOMP_ERR_BODY_NOT_TERMINATED'
  | 'STOMP_ERR_BODY_NOT_ALLOWED'
  | 'STOMP_ERR_INVALID_HEART_BEAT'
  | 'STOMP_ERR_UNWRITABLE_HEADER'

/** The one kind of error this package throws for what a peer sent, or for a frame that cannot be written. */
export class ProtocolError extends Error {
  /** What is wrong; see {@link ProtocolErrorCode}. */
  readonly code: ProtocolErrorCode
  /** Where: bytes from the beginning of the decoder's stream, or -1 when no stream was read (encoding, readers). */
  readonly offset: number
  /**
   * The value of the bad frame's own `receipt` header, if it had arrived and could be read: an ERROR frame should name
   * it in `receipt-id` (STOMP 1.2, "ERROR"). Best effort: it depends on how much of the frame had arrived.
   */
  readonly receipt: string | undefined

  constructor(code: ProtocolErrorCode, message: string, offset = -1, receipt?: string) {
    super(message)
    this.code = code
    this.offset = offset
    this.receipt = receipt
  }
}

// On the prototype, as the built-in errors have it: not an own property of each error.
Object.defineProperty(ProtocolError.prototype, 'name', { value: 'ProtocolError' })
