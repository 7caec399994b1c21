import type { Turn } from '../message/turn.js'

/** What is known of the other end before it has said a word. */
export interface Peer {
  /** How it is attached: for logs, metrics and rules. */
  readonly transport: 'websocket' | 'tcp' | 'link' | 'sockjs' | 'linked'
  /** True where the transport watches over liveness itself: STOMP heart-beats are then negotiated to `0,0`. */
  readonly ownsLiveness: boolean
  /** True where the carrier knows text only (SockJS): a frame that is no text cannot be written. @default false */
  readonly isTextOnly?: boolean
  /** The WebSocket sub-protocol that was agreed on, if any. */
  readonly protocol: string | undefined
  /** What the `identify` hook found, before any STOMP frame; on a link the newest of those that its client has sent. */
  identity: unknown
  /**
   * The HTTP request that opened the connection; its type is known to the hooks, not to the rooms between. It weighs more
   * than the rest of an idle connection: whoever has asked it what there was to know sets it to undefined.
   */
  request: unknown
  /** Address of the other end, where there is one. */
  readonly remoteAddress: string | undefined
}

/** Who listens on a {@link Connection}. All calls come from the transport, never from inside a call to the connection. */
export interface ConnectionListener {
  /**
   * Bytes or text arrived; text may come as bytes, in UTF-8, and `isText` then says so. The memory is the listener's from
   * now on. Order is the order of sending.
   */
  message(data: Uint8Array | string, isText: boolean): void
  /** After a `write` that returned false: there is room again. */
  drained(): void
  /**
   * The peer has ended its side, which some carriers let it do alone: it sends nothing more but may still read. What it
   * is owed can be written; whoever listens then closes. Told once at the most, behind the last `message`.
   */
  ended(): void
  /**
   * The credentials of the HTTP request that opened the connection were renewed by a later one, and end `lifeMs` from now
   * (undefined: never). `identity`: what `identify` found; undefined: not known here. `peer.identity` is still the former
   * one. On a connection that can tell this, whoever listens ends it in time; with no such method it ends by itself.
   */
  renewed?(identity: unknown, lifeMs: number | undefined): void
  /**
   * The peer broke the transport's own rules (a message too large, ill-formed text, bad frames) and the transport is
   * about to close with `code`. What is written during this call still leaves before the close.
   */
  broken(code: number, reason: string): void
  /** The connection has ended, for whatever cause; the last call, made exactly once. */
  closed(code: number, reason: string): void
}

/**
 * One ordered, reliable channel to one peer, whatever carries it. A transport makes connections; the framing room is
 * the only user. Nothing here waits: what cannot be written now is the writer's to keep.
 */
export interface Connection {
  readonly peer: Peer
  /**
   * True while nothing carries what is written, but something may again: a link between two of its carriers. Times that
   * judge how slow the peer is rest meanwhile.
   */
  readonly isSuspended?: boolean
  /**
   * What carries it just now, where that may change: `websocket`, `stream` or `poll`; `detached` between two carriers. For
   * metrics and logs. Undefined where the transport says all there is to say.
   */
  readonly rung?: string | undefined
  /** Names the listener; called once, in the tick in which the connection was received, so that nothing is lost. */
  attach(listener: ConnectionListener): void
  /**
   * Writes all frames of a turn, in order, in one system call where the carrier can. False means full: write no more
   * until `drained`. A write after the end does nothing and returns false.
   */
  write(turn: Turn): boolean
  /** Stops or starts reading from the peer. What had been read before may still be told. */
  setPaused(paused: boolean): void
  /** Ends the connection behind what was written. `code` is a WebSocket close code; carriers without codes just end. */
  close(code: number, reason: string): void
}
