import type { Frame, FrameInit, Version } from '@hoofbeat/codec'
import type { Transport } from './requirement.js'

/**
 * One server with the application below, in one version and over one transport; made fresh for each cell.
 *
 * - Broker: topics at and below `/topic`, with a history at and below `/topic/history`; queues at and below `/queue`; a
 *   store that outlives {@link Harness.restart}. Clients may SEND to and SUBSCRIBE at `/topic/**`, wildcards too, at
 *   queues of one segment (`/queue/*`, so not at `/queue/closed/a`), and at `/topicfoo`, `/apphello` and `/elsewhere`,
 *   where nothing is served; they may SEND to `/user/**`. For `/topic/locked` the authorising hooks throw what shows the
 *   client {@link LOCKED}.
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
  /** The users of the sessions whose end the application was told of, in order. */
  readonly disconnected: readonly (string | undefined)[]
  /** Publishes for the application itself to all sessions of a user. */
  sendToUser(name: string, destination: string, body: string): Promise<void>
  /** Ends the application as `app.close()` does; resolves when it has ended. Time moves by itself meanwhile. */
  shutdown(): Promise<void>
  /** Ends the application and starts it again on what its store has kept. */
  restart(): Promise<void>
  /** Ends everything the harness made. */
  close(): Promise<void>
}

export interface OpenOptions {
  /** Version that this client writes and reads. @default that of the harness */
  readonly version?: Version
  /** WebSocket sub-protocols that it offers. @default none */
  readonly protocols?: readonly string[]
  /** Over TCP: does not end its own side when the server has ended its own. @default false */
  readonly lingers?: boolean
}

/** One message of the transport as it arrived; over TCP one chunk, cut anywhere. */
export interface Received {
  readonly bytes: Uint8Array
  readonly isBinary: boolean
}

/** How a connection ended, as the client sees it. */
export interface Closing {
  /** That of the server's close; 1006 if the connection broke; undefined for the orderly end of a TCP connection. */
  readonly code: number | undefined
  readonly reason: string
}

/** A client that shows what is on the wire, and does nothing of its own accord. */
export interface WireClient {
  readonly version: Version
  readonly transport: Transport
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
  /**
   * Resolves when nothing of what happened before is on its way any more, but from the server to this client: at once,
   * unless the server's broker is elsewhere.
   */
  settled(): Promise<void>
  /** All messages of the transport that have arrived. */
  readonly received: readonly Received[]
  /** All octets that have arrived, as text. */
  readonly wire: string
  /** How the server ended the connection; over TCP: its own side. */
  closed(): Promise<Closing>
  /** True when the connection has ended; over TCP: the server's side. */
  readonly isClosed: boolean
  /** Resolves when nothing is left of the connection. */
  gone(): Promise<void>
  /** True when nothing is left of the connection. */
  readonly isGone: boolean
  /** True: stops reading what the server sends. False: goes on. */
  setStalled(isStalled: boolean): void
  /** Ends this side alone, and still reads. Throws over WebSocket, which has no such thing. */
  end(): void
  /** Ends the connection from this side, without any frame. */
  leave(): void
  /** Breaks the connection; over TCP by a reset. */
  reset(): void
}

export const LOCKED = 'The room is locked'
/** Logins whose users have names that are not easily written into a header. */
export const ODD_NAMES = { forger: 'forger\nadmin:true', padder: ' padded ' } as const
export const SECRET = 'secret: table users, password hunter2'
export const SLOW_MS = 500
