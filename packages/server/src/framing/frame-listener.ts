import type { Frame, ProtocolError } from '@hoofbeat/codec'

/** Who listens on a `FramedConnection`. After `closed` nothing is told. */
export interface FrameListener {
  /** One frame, in order. Not called while paused. */
  frame(frame: Frame): void
  /** The peer's bytes are no STOMP; nothing more will be read. Frames before the bad one were told. */
  malformed(error: ProtocolError): void
  /** The peer broke the rules of the transport, which will close with `code` right after this call. */
  broken(code: number, reason: string): void
  /** The peer has ended its side behind whole frames, which were told; it may still read what it is owed. */
  ended(): void
  /** Credentials were renewed by other means than a frame: see `ConnectionListener`. */
  renewed(identity: unknown, lifeMs: number | undefined): void
  /** A frame was begun and not finished in time, or the peer has ended its side within it. */
  unfinished(): void
  /** Nothing was heard for two to three times the agreed interval. */
  silent(): void
  /** After `send` or `deliver` has returned `full`: there is room again. */
  ready(): void
  /** The peer did not read what it is owed, so many bytes; nothing more can be written. */
  overflowed(waitingBytes: number): void
  /** The connection has ended; frames that came before were told. The last call, made exactly once. */
  closed(code: number, reason: string): void
}
