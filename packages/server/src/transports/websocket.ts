import { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import type { Connection, ConnectionListener, Peer } from '../connection/connection.js'
import { arrayFrame } from '../message/sockjs-frames.js'
import type { Turn } from '../message/turn.js'

/** STOMP's WebSocket sub-protocols, as registered with IANA. */
const STOMP_PROTOCOLS: ReadonlySet<string> = new Set(['v10.stomp', 'v11.stomp', 'v12.stomp'])

/**
 * From this many unwritten bytes on a connection counts as full; for a socket never below its own mark, since `drain`
 * comes only to who has passed that.
 */
const FULL_BYTES = 65_536

/** With these codes `ws` ends a connection whose peer broke RFC 6455: protocol, ill-formed UTF-8, too large a message. */
const FAULT_CODES: ReadonlySet<number> = new Set([1002, 1007, 1008, 1009])

/** The first sub-protocol of the client's list that we speak; false if there is none: the handshake succeeds without. */
export function selectProtocol(offered: Iterable<string>): string | false {
  for (const protocol of offered) if (STOMP_PROTOCOLS.has(protocol)) return protocol
  return false
}

/**
 * Makes a connection of an accepted WebSocket. To be called, and the connection attached, in the tick in which the
 * socket was received: a client may have sent frames together with its handshake.
 */
export function webSocketConnection(socket: WebSocket, request: FastifyRequest, identity: unknown): Connection {
  return new WebSocketConnection(socket, request, identity, 'websocket')
}

/** The same, but what is written leaves as SockJS frames; what comes is told as it is. */
export function sockJsWebSocketConnection(socket: WebSocket, request: FastifyRequest, identity: unknown): Connection {
  return new WebSocketConnection(socket, request, identity, 'sockjs-websocket')
}

class WebSocketConnection implements Connection {
  readonly peer: Peer
  readonly #socket: WebSocket
  /*
   * The upgraded socket itself, to which ready-made frames are written: all frames of a turn in one system call, shared
   * with other connections. Without compression `ws` writes each of its own frames (pong, close) to the same socket at
   * once and whole, so order and framing hold. With compression negotiated, or where there is no real socket (an
   * injected request), frames go through `ws.send`.
   */
  readonly #raw: Socket | undefined
  readonly #form: 'websocket' | 'sockjs-websocket'
  #isEnding = false
  #isFull = false
  #drained: () => void = () => {}

  constructor(socket: WebSocket, request: FastifyRequest, identity: unknown, form: 'websocket' | 'sockjs-websocket') {
    this.#socket = socket
    this.#form = form
    const raw = request.raw.socket instanceof Socket ? request.raw.socket : undefined
    this.#raw = socket.extensions === '' ? raw : undefined
    // A vanished peer that owes no heart-beats is noticed by TCP.
    raw?.setKeepAlive(true, 30_000)
    this.peer = {
      transport: form === 'websocket' ? 'websocket' : 'sockjs',
      ownsLiveness: false,
      isTextOnly: form !== 'websocket',
      protocol: socket.protocol === '' ? undefined : socket.protocol,
      identity,
      request,
      remoteAddress: request.ip,
    }
  }

  attach(listener: ConnectionListener): void {
    const socket = this.#socket
    socket.on('message', (data, isBinary) => {
      // `ws` gives one Buffer, unless the application's own server has chosen another `binaryType`.
      if (Array.isArray(data)) listener.message(Buffer.concat(data), !isBinary)
      else listener.message(data instanceof ArrayBuffer ? new Uint8Array(data) : data, !isBinary)
    })
    socket.on('close', (code, reason) => {
      this.#isEnding = true
      listener.closed(code, reason.toString())
    })
    this.#drained = () => {
      if (!this.#isEnding) listener.drained()
    }
    this.#raw?.on('drain', this.#drained)
    /*
     * When the peer breaks RFC 6455 or sends too large a message, `ws` calls its own `close(code)` and only then tells
     * of the error. Standing in for `close` lets the listener say its ERROR before the close frame leaves. The answer
     * to a close frame of the peer passes a reason too and is let through.
     */
    const { close } = socket
    socket.close = (code, reason) => {
      if (!this.#isEnding && code !== undefined && FAULT_CODES.has(code) && reason === undefined) {
        listener.broken(code, 'the peer broke the WebSocket protocol')
      }
      this.#isEnding = true
      close.call(socket, code, reason)
    }
    socket.on('error', ignore)
  }

  write(turn: Turn): boolean {
    const raw = this.#raw
    if (raw === undefined) return this.#send(turn)
    // `ws` closes by the `close` that stands in for its own, or destroys the socket.
    if (this.#isEnding || !raw.writable) return false
    raw.write(turn.bytes(this.#form))
    return raw.writableLength < Math.max(FULL_BYTES, raw.writableHighWaterMark)
  }

  /** The way through `ws`: it tells when it has written a message, and how much waits in it. */
  #send(turn: Turn): boolean {
    const socket = this.#socket
    if (socket.readyState !== socket.OPEN) return false
    const sent = (): void => {
      if (!this.#isFull || socket.bufferedAmount >= FULL_BYTES) return
      this.#isFull = false
      this.#drained()
    }
    const frames = turn.frames()
    if (this.#form === 'sockjs-websocket') socket.send(arrayFrame(frames), { binary: false }, sent)
    else for (const frame of frames) socket.send(frame.bytes('stream'), { binary: !frame.isText }, sent)
    this.#isFull = socket.bufferedAmount >= FULL_BYTES
    return !this.#isFull
  }

  setPaused(paused: boolean): void {
    if (this.#isEnding) return
    if (paused) this.#socket.pause()
    else this.#socket.resume()
  }

  close(code: number, reason: string): void {
    if (this.#isEnding) return
    this.#isEnding = true
    // A paused socket would never read the peer's close frame.
    this.#socket.resume()
    this.#socket.close(code, reason)
  }
}

/** `close` follows an error; one without a listener would end the process. */
function ignore(): void {}
