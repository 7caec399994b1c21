import type { Socket } from 'node:net'
import type { Turn } from '../message/turn.js'
import type { Connection, ConnectionListener, Peer } from './connection.js'

/** Calls `run` once, `delayMs` from now; as of the timer wheel. */
export type After = (delayMs: number, run: () => void) => { cancel(): void }

/** From this many unwritten bytes on a connection counts as full; never below the socket's own mark, at which it tells of room. */
const FULL_BYTES = 65_536

/** An idle peer that has vanished is noticed by TCP: after this time it is asked whether it is there. */
const KEEP_ALIVE_MS = 30_000

/**
 * How long an ended connection waits for its peer: to read the last words, and to end its own side.
 *
 * STOMP 1.2, "Connection Lingering": a socket that is closed while bytes of the peer are still unread answers with a
 * reset, and a reset may overtake and destroy the ERROR or RECEIPT that was written before. So after the last word only
 * our own side is ended, and what still comes is read and thrown away until the peer ends too, or this time is over.
 */
export const LINGER_MS = 5_000

/**
 * Makes a connection of a TCP or TLS socket, accepted or dialled, that is open: for TLS, whose handshake is over. To be
 * called, and the connection attached, in the tick in which the socket was received. The connection owns the socket from
 * now on.
 *
 * `closed` is told with the code given to `close`; with 1006, and the
 * system's name of the fault as reason (`ECONNRESET`), when it broke.
 *
 * `peer.identity` is not taken from a client certificate: whose name in it may be trusted is for the application to say.
 */
export function socketConnection(socket: Socket, after: After): Connection {
  return new SocketConnection(socket, after)
}

class SocketConnection implements Connection {
  readonly peer: Peer
  readonly #socket: Socket
  readonly #after: After
  #timer: { cancel(): void } | undefined
  /** What `close` was called with, or how the connection broke. */
  #ending: { readonly code: number; readonly reason: string } | undefined
  #fault: string | undefined

  constructor(socket: Socket, after: After) {
    this.#socket = socket
    this.#after = after
    // A peer that has ended its side still wants to read its answers.
    socket.allowHalfOpen = true
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    this.peer = {
      transport: 'tcp',
      ownsLiveness: false,
      protocol: undefined,
      identity: undefined,
      request: undefined,
      remoteAddress: remoteAddress(socket),
    }
  }

  attach(listener: ConnectionListener): void {
    const socket = this.#socket
    socket.on('data', (bytes: Buffer) => {
      if (this.#ending === undefined) listener.message(bytes, false)
    })
    socket.on('end', () => {
      if (this.#ending === undefined) listener.ended()
    })
    socket.on('drain', () => {
      if (this.#ending === undefined) listener.drained()
    })
    // `close` follows; an error without a listener would end the process.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#fault = error.code ?? error.message
    })
    socket.on('close', () => {
      this.#timer?.cancel()
      this.#ending ??= { code: 1006, reason: this.#fault ?? '' }
      listener.closed(this.#ending.code, this.#ending.reason)
    })
  }

  write(turn: Turn): boolean {
    const socket = this.#socket
    if (this.#ending !== undefined || !socket.writable) return false
    socket.write(turn.bytes('stream'))
    return socket.writableLength < Math.max(FULL_BYTES, socket.writableHighWaterMark)
  }

  setPaused(paused: boolean): void {
    if (this.#ending !== undefined) return
    if (paused) this.#socket.pause()
    else this.#socket.resume()
  }

  close(code: number, reason: string): void {
    if (this.#ending !== undefined) return
    this.#ending = { code, reason }
    this.#timer?.cancel()
    this.#timer = this.#after(LINGER_MS, () => this.#socket.destroy())
    this.#socket.end()
    // What still comes is thrown away; the end of a paused socket would never be seen.
    this.#socket.resume()
  }
}

function remoteAddress({ remoteAddress: address, remotePort: port }: Socket): string | undefined {
  if (address === undefined) return undefined
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
