import type { FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import type { Timer, Wheel } from '../../clock/wheel.js'
import type { Connection, ConnectionListener, Peer } from '../../connection/connection.js'
import type { Turn } from '../../message/turn.js'
import { sockJsWebSocketConnection } from '../websocket.js'
import { closeCode, closeFrame } from './close-frame.js'
import { MAX_MESSAGES, parseMessages } from './payload.js'

/** What SockJS sessions over WebSocket share. */
export interface SockJsSocketParts {
  readonly wheel: Wheel
  readonly heartBeatMs: number
}

/**
 * A SockJS session over a WebSocket: it lives and ends with that. To be called, and the connection attached, in the tick
 * in which the socket was received.
 */
export function sockJsSocket(
  socket: WebSocket,
  request: FastifyRequest,
  identity: unknown,
  parts: SockJsSocketParts,
): Connection {
  return new SockJsSocket(socket, sockJsWebSocketConnection(socket, request, identity), parts)
}

class SockJsSocket implements Connection {
  readonly peer: Peer
  readonly rung = 'websocket'
  readonly #socket: WebSocket
  readonly #carrier: Connection
  readonly #parts: SockJsSocketParts
  #timer: Timer | undefined
  #isOver = false

  constructor(socket: WebSocket, carrier: Connection, parts: SockJsSocketParts) {
    this.peer = carrier.peer
    this.#socket = socket
    this.#carrier = carrier
    this.#parts = parts
  }

  attach(listener: ConnectionListener): void {
    this.#carrier.attach({
      message: (data, isText) => this.#take(data, isText, listener),
      drained: () => listener.drained(),
      ended: () => listener.ended(),
      broken: (code, reason) => listener.broken(code, reason),
      closed: (code, reason) => {
        this.#isOver = true
        this.#timer?.cancel()
        listener.closed(code, reason)
      },
    })
    this.#say('o')
    this.#beatLater()
  }

  write(turn: Turn): boolean {
    this.#beatLater()
    return this.#carrier.write(turn)
  }

  setPaused(paused: boolean): void {
    this.#carrier.setPaused(paused)
  }

  close(code: number, reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer?.cancel()
    this.#say(closeFrame(code, reason))
    this.#carrier.close(closeCode(code), reason)
  }

  /** SockJS 0.3.3, "WebSocket": what is empty is ignored; what is broken ends the connection at once. */
  #take(data: Uint8Array | string, isText: boolean, listener: ConnectionListener): void {
    if (!isText) return this.close(1003, 'SockJS carries text only')
    const json = typeof data === 'string' ? data : Buffer.from(data.buffer, data.byteOffset, data.length).toString()
    if (json === '') return
    const messages = parseMessages(json)
    if (messages === undefined) {
      this.#socket.terminate()
      return
    }
    if (messages.length > MAX_MESSAGES) return this.close(1009, 'Too many messages')
    for (const message of messages) listener.message(message, true)
  }

  /** `ws` writes it at once, between the turns that are written past it. */
  #say(frame: string): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(frame)
  }

  #beatLater(): void {
    if (this.#isOver) return
    this.#timer?.cancel()
    this.#timer = this.#parts.wheel.after(this.#parts.heartBeatMs, () => {
      this.#say('h')
      this.#beatLater()
    })
  }
}
