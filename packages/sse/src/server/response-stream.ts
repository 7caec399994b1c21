import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { encodeChunk } from './event-bytes.js'
import type { EventStream, StreamListener } from './exchange.js'
import { type RoundMember, writeRound, writeTo } from './write-round.js'

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

class ChunkedStream implements EventStream, RoundMember {
  readonly form = 'chunk' as const
  readonly #response: ServerResponse
  readonly #socket: Socket
  readonly #listener: StreamListener
  #isOver = false
  /** The round in which it was last. */
  #round = 0

  constructor(response: ServerResponse, socket: Socket, listener: StreamListener) {
    this.#response = response
    this.#socket = socket
    this.#listener = listener
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
    this.#leave()
    const socket = this.#socket
    return !this.#isOver && socket.writable && writeTo(socket, bytes)
  }

  writeSoon(bytes: Uint8Array): void {
    if (this.#isOver) return
    if (this.#round !== writeRound.number) {
      this.#round = writeRound.number
      writeRound.add(this, this.#socket, bytes)
    } else if (!this.write(bytes)) this.filled()
  }

  filled(): void {
    if (!this.#isOver) this.#listener.filled()
  }

  writeEvent(event: string): boolean {
    return this.write(encodeChunk(Buffer.from(event)))
  }

  end(): void {
    if (this.#isOver) return
    this.#leave()
    this.#isOver = true
    this.#response.end()
  }

  destroy(): void {
    this.#isOver = true
    this.#response.destroy()
  }

  /** What it has in a round leaves before anything else. */
  #leave(): void {
    if (this.#round === writeRound.number) writeRound.run()
  }
}

class PlainStream implements EventStream {
  readonly form = 'event' as const
  readonly #response: ServerResponse
  readonly #listener: StreamListener
  #isOver = false

  constructor(response: ServerResponse, listener: StreamListener) {
    this.#response = response
    this.#listener = listener
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

  writeSoon(bytes: Uint8Array): void {
    if (!this.write(bytes) && !this.#isOver) this.#listener.filled()
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
