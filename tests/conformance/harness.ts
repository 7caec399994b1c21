import type { Frame, FrameInit, Version } from '@hoofbeat/codec'

/**
 * One server with the application below, in one version and over one transport; made fresh for each cell.
 *
 * - Broker: topics at and below `/topic`. Clients may SEND to and SUBSCRIBE at `/topic/**`, wildcards too, and
 *   at `/topicfoo`, `/apphello` and `/elsewhere`, where nothing is served; for `/topic/locked` the authorising hooks
 *   throw what shows the client {@link LOCKED}.
 * - `authenticate`: passcode `wrong` is refused; the logins of {@link ODD_NAMES} become the users that they name there,
 *   any other login the user of that name; without login the session is anonymous.
 * - Message routes below `/app`: `/hello` takes `{"name":"X"}` and publishes `{"content":"Hello, X!"}` to
 *   `/topic/greetings` at once; `/slow` ends after {@link SLOW_MS} and publishes `{"slow":true}` to `/topic/slow`;
 *   `/stuck` never ends; `/broken` throws an Error with the text {@link SECRET}.
 * - Subscription route `/now` answers `{"now":0}`.
 * - All limits and times have their defaults.
 */
export interface Harness {
  readonly version: Version
  readonly transport: Transport
  /** Opens a connection; nothing is sent yet. */
  open(options?: OpenOptions): Promise<WireClient>
  /**
   * Moves the time of the server by `ms`, in small steps, each followed by the turns of the event loop that it needs.
   * What it made the server send is on its way then, but may not have been read yet.
   */
  advance(ms: number): Promise<void>
  /** Destinations that the authorising hooks have been asked about, in order. */
  readonly authorized: readonly string[]
  /** Ends the application as `app.close()` does; resolves when it has ended. Time moves by itself meanwhile. */
  shutdown(): Promise<void>
  /** Ends everything the harness made. */
  close(): Promise<void>
}

/** A door of the server. */
export type Transport = 'websocket'

export interface OpenOptions {
  /** Version that this client writes and reads. @default that of the harness */
  readonly version?: Version
  /** WebSocket sub-protocols that it offers. @default none */
  readonly protocols?: readonly string[]
}

/** One message of the transport as it arrived. */
export interface Received {
  readonly bytes: Uint8Array
  readonly isBinary: boolean
}

/** A client that shows what is on the wire, and does nothing of its own accord. */
export interface WireClient {
  readonly version: Version
  /** The sub-protocol agreed on, if any. */
  readonly protocol: string | undefined
  /** Sends the pieces in one message of the transport: octets and text as they are, frames encoded. */
  send(...pieces: readonly (Uint8Array | string | FrameInit)[]): void
  /** The next frame, heart-beats left out. Rejects when the connection ends first. */
  next(): Promise<Frame>
  /** The next heart-beat that was not yet asked for. Rejects when the connection ends first. */
  nextHeartBeat(): Promise<void>
  /** How many heart-beats have arrived. */
  readonly heartBeats: number
  /** All messages of the transport that have arrived. */
  readonly received: readonly Received[]
  /** How the server closed the connection. */
  closed(): Promise<{ readonly code: number; readonly reason: string }>
  /** True when the connection has ended. */
  readonly isClosed: boolean
  /** True: stops reading what the server sends. False: goes on. */
  setStalled(isStalled: boolean): void
  /** Ends the connection from this side, without any frame. */
  leave(): void
}

export const LOCKED = 'The room is locked'
/** Logins whose users have names that are not easily written into a header. */
export const ODD_NAMES = { forger: 'forger\nadmin:true', padder: ' padded ' } as const
export const SECRET = 'secret: table users, password hunter2'
export const SLOW_MS = 500
