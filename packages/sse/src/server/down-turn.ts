/**
 * How the bytes of down messages lie on the wire: `link`: WebSocket frames of a link (data that begin with U+0001 carry
 * one more); `event`: Server-Sent Events, one message each; `chunk`: those events, each as one chunk of a chunked
 * HTTP/1.1 body, so that they can be written past the response straight to its socket.
 */
export type DownForm = 'link' | 'event' | 'chunk'

/** One message for the client. Immutable; the bytes of each form are made once and shared by all links. */
export interface DownMessage {
  /** Bytes of the message itself. */
  readonly byteLength: number
  /** The bytes for a carrier. Shared: do not change them. */
  bytes(form: DownForm): Uint8Array
}

/**
 * The ordered messages that a link is owed at the end of one turn of the event loop. Immutable: links that are owed the
 * same messages share one object, and the bytes are joined once for all of them.
 */
export interface DownTurn {
  /** Number of messages, at least 1. */
  readonly count: number
  /** Bytes of all messages, without what the carrier adds. */
  readonly byteLength: number
  /** All bytes in one piece; made once for each form and shared: do not change them. */
  bytes(form: DownForm): Uint8Array
  /** The messages one by one. */
  frames(): readonly DownMessage[]
}
