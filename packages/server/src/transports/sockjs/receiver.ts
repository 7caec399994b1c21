import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { SockJsForm } from '../../message/sockjs-frames.js'

/** What takes frames to the client for a while: the response of one request. */
export interface Receiver {
  /** How its frames lie on the wire; `json`: a bare frame, which it puts on the wire itself. */
  readonly form: SockJsForm | 'json'
  /** True if it takes more than one frame. */
  readonly isStream: boolean
  /** Writes one frame. `full`: no more until `drained`; `over`: it has had its last one, and has ended. */
  write(frame: Uint8Array): 'taken' | 'full' | 'over'
  /** Ends the response behind what was written. */
  end(): void
}

/** What a receiver tells its session. */
export interface ReceiverOwner {
  /** After `full`: there is room again. */
  drained(receiver: Receiver): void
  /** The client has gone before the response was over. */
  gone(receiver: Receiver): void
}

/** Calls `run` when a response has closed, for whatever cause, and soon if it has already. */
export function onGone(response: ServerResponse, run: () => void): void {
  if (response.destroyed) queueMicrotask(run)
  else response.once('close', run)
}

/** How long a client may take to read the rest of a response that has ended, without taking a byte, in ms. */
const END_TIMEOUT_MS = 10_000

/** Makes sure that a response which ends now does not stay for a client that does not read. */
export function endInTime(response: ServerResponse): void {
  // An injected request has no socket.
  if (response.socket instanceof Socket) response.setTimeout(END_TIMEOUT_MS, () => response.destroy())
}
