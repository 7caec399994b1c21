import type { DispatchCaller, Dispatcher } from '../dispatch/dispatcher.js'
import type { Recipient } from '../dispatch/recipient.js'
import type { FramingParts } from '../framing/framed-connection.js'
import type { Observe } from '../observe/events.js'
import type { Handshake, HandshakeParts } from './handshake.js'

/** How patient a session is, in ms, and how much it takes on. */
export interface SessionLimits {
  /** From the opening of the connection to its CONNECT frame. @default 10000 */
  readonly connectTimeoutMs: number
  /** How long DISCONNECT, the ERROR of a refused frame and the end of the server wait for frames that are not settled yet. @default 10000 */
  readonly settleTimeoutMs: number
  /** How long `authenticate` may take to answer; then the session is refused. @default 10000 */
  readonly hookTimeoutMs: number
  /** How long after the RECEIPT of a DISCONNECT the client may close by itself. @default 1000 */
  readonly lingerMs: number
  /**
   * Frames of one session that wait for their outcome: for the disk, for a SUBSCRIBE that waits for the disk, for a route
   * handler. From so many on nothing more is read from the client, until less than half of them are left. @default 1000
   */
  readonly maxUnsettledFrames: number
  /** The same by the bytes of their bodies. @default 524288 */
  readonly maxUnsettledBytes: number
}

/** What all sessions of an application share. */
export interface SessionParts extends HandshakeParts {
  readonly framing: FramingParts
  readonly limits: SessionLimits
  readonly observe: Observe
  readonly openDispatcher: (
    recipient: Recipient,
    caller: DispatchCaller,
    credentials?: Handshake['credentials'],
  ) => Dispatcher
}
