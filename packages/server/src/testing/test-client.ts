import type { Frame, FrameInit, HeartBeat, Version } from '@hoofbeat/codec'
import type { ClosedWith } from './carrier.js'
import type { ServerRefusal } from './server-refusal.js'
import type { TestLink } from './test-link.js'
import type { SubscribeOptions, TestSubscription } from './test-subscription.js'

/** How a CONNECT is written. */
export interface ConnectOptions {
  readonly login?: string
  readonly passcode?: string
  /** @default '1.0', '1.1' and '1.2' */
  readonly versions?: readonly Version[]
  /**
   * Heart-beats that the client can send and wants, in ms; it then sends what was agreed on, by the clock of the kit.
   *
   * @default none
   */
  readonly heartBeat?: HeartBeat
  /** Further headers; they replace those of the same name. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A STOMP client within the process, for tests of applications. What comes is kept in order until it is asked for, and
 * whatever is awaited here ends: what does not come, although everything within the process has had its chance (and the
 * kit's `patienceMs` have passed), rejects with an Error that says what was awaited, what came instead, and how the
 * connection ended. Where the server says ERROR, whoever waits is rejected with a {@link ServerRefusal}.
 *
 * What is sent is sent in the very call, and what is asked for is reserved by it; patience begins when the promise is
 * awaited. So a promise may be kept while virtual time passes.
 */
export interface TestClient {
  /** The network between the client and the server. */
  readonly link: TestLink
  /** As agreed by CONNECTED. */
  readonly version: Version
  /** The user's name, as CONNECTED told it; undefined for an anonymous session and before. */
  readonly user: string | undefined
  /** The session's id, as CONNECTED told it and every hook and handler is given; undefined before. */
  readonly sessionId: string | undefined
  /** How many heart-beats of the server have arrived. */
  readonly heartBeats: number
  /** What has come and nobody has asked for yet, in order. */
  readonly unread: readonly Frame[]
  /** Sends CONNECT; resolves with CONNECTED. */
  connect(options?: ConnectOptions): Promise<Frame>
  /** Sends SUBSCRIBE; resolves at its RECEIPT, when the subscription is active. */
  subscribe(destination: string, options?: SubscribeOptions): Promise<TestSubscription>
  /**
   * Sends a message; resolves at its RECEIPT: the broker has taken it over, or the message route has ended and what it
   * returned was published. Text and bytes are sent as they are, anything else as JSON (`application/json`).
   */
  send(destination: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<void>
  /** Sends any frame with a `receipt`, unless it has one; resolves at the RECEIPT. For BEGIN, COMMIT, and others. */
  request(frame: FrameInit): Promise<void>
  /** The next frame of any kind. */
  next(): Promise<Frame>
  /** The RECEIPT with this `receipt-id`. */
  receipt(id: string): Promise<Frame>
  /** The server's ERROR, also one that somebody was rejected with before. */
  error(): Promise<ServerRefusal>
  /** How the connection ended, by whomever. */
  closed(): Promise<ClosedWith>
  /**
   * Resolves when the server has had every chance to speak and there is nothing unread; rejects with what there is, or
   * with the end of the connection. `withinMs`: real time to wait besides. @default withinMs 0
   */
  expectNothing(withinMs?: number): Promise<void>
  /** Sends one frame as it is, and awaits nothing. */
  sendFrame(frame: FrameInit): void
  /** Sends bytes or text, legal or not, and awaits nothing. */
  sendRaw(data: Uint8Array | string): void
  /** Says goodbye as the protocol has it: DISCONNECT, its RECEIPT, then `close`. */
  disconnect(): Promise<void>
  /**
   * Ends the connection as a page that is left does, behind what was sent; resolves when the server has had every chance to
   * notice, unless the link delays that.
   */
  close(): Promise<void>
}
