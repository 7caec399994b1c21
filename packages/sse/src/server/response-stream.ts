import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { encodeChunk } from './event-bytes.js'
import type { EventStream, StreamListener } from './exchange.js'

/** Unwritten bytes from which a stream counts as full; never below the socket's own mark, since `drain` comes only above it. */
const FULL_BYTES = 65_536

/**
 * Starts an event stream on a response of HTTP/1.1: chunks are written ready-made past the response to its socket, in
 * one system call for all messages of a turn and from a buffer shared by all links. Node writes nothing of its own
 * between the head and the last chunk, which `end` leaves to it.
 */
export function startChunkedStream(response: ServerResponse, socket: Socket, listener: StreamListener): EventStream {
  return new ChunkedStream(response, socket, listener)
}

/** Starts an event stream where the bytes of a body are framed by others: HTTP/2, and HTTP/1.0, whose body ends with the connection. */
export function startPlainStream(response: ServerResponse, listener: StreamListener): EventStream {
  return new PlainStream(response, listener)
}

class ChunkedStream implements EventStream {
  readonly form = 'chunk' as const
  readonly #response: ServerResponse
  readonly #socket: Socket
  #isOver = false

  constructor(response: ServerResponse, socket: Socket, listener: StreamListener) {
    this.#response = response
    this.#socket = socket
    const drained = (): void => {
      if (!this.#isOver) listener.drained()
    }
    socket.on('drain', drained)
    response.on('error', ignore)
    response.once('close', () => {
      this.#isOver = true
      // The socket may carry further requests.
      socket.off('drain', drained)
      listener.closed()
    })
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket
    if (this.#isOver || !socket.writable) return false
    socket.write(bytes)
    return socket.writableLength < Math.max(FULL_BYTES, socket.writableHighWaterMark)
  }

  writeEvent(event: string): boolean {
    return this.write(encodeChunk(Buffer.from(event)))
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#response.end()
  }

  destroy(): void {
    this.#isOver = true
    this.#response.destroy()
  }
}

class PlainStream implements EventStream {
  readonly form = 'event' as const
  readonly #response: ServerResponse
  #isOver = false

  constructor(response: ServerResponse, listener: StreamListener) {
    this.#response = response
    response.on('drain', () => {
      if (!this.#isOver) listener.drained()
    })
    response.on('error', ignore)
    response.once('close', () => {
      this.#isOver = true
      listener.closed()
    })
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOver) return false
    return this.#response.write(bytes)
  }

  writeEvent(event: string): boolean {
    return this.write(Buffer.from(event))
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#response.end()
  }

  destroy(): void {
    this.#isOver = true
    this.#response.destroy()
  }
}

/** `close` follows an error; one without a listener would end the process. */
function ignore(): void {}
