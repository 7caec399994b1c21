import type { IncomingMessage, ServerResponse } from 'node:http'
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

/** Calls `run`, which must bear to be called twice, when a response has closed for whatever cause; soon if it has already. */
export function onGone(request: IncomingMessage, response: ServerResponse, run: () => void): void {
  if (isGone(response)) return queueMicrotask(run)
  response.once('close', run)
  // One that waits behind another response of its connection is never told that this has ended.
  if (response.socket !== null) return
  const { socket } = request
  socket.once('close', run)
  response.once('close', () => socket.off('close', run))
}

/** The responses of HTTP/2 tell by their stream. */
function isGone(response: ServerResponse & { readonly stream?: { readonly destroyed: boolean } }): boolean {
  return response.destroyed || response.stream?.destroyed === true
}

/** How long a client may take to read the rest of a response that has ended, without taking a byte, in ms. */
const END_TIMEOUT_MS = 10_000

/** Makes sure that a response which ends now does not stay for a client that does not read. */
export function endInTime(response: ServerResponse): void {
  // An injected request has no socket.
  if (response.socket instanceof Socket) response.setTimeout(END_TIMEOUT_MS, () => response.destroy())
}
