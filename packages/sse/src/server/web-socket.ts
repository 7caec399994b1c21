import { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { LinkSocket, LinkSocketListener } from './link-socket.js'

/** Unwritten bytes from which a socket counts as full; never below its own mark, since `drain` comes only above it. */
const FULL_BYTES = 65_536

/**
 * Makes the carrier of a link of an accepted WebSocket. `raw`: the upgraded socket (`request.raw.socket`), to which ready
 * frames are written, whole and in order with those of `ws`, as long as no compression was negotiated; what is no socket
 * (an injected request) is passed by, and frames are taken apart and sent through `ws`.
 */
export function linkSocket(socket: WebSocket, raw: unknown): LinkSocket {
  return new FrameSocket(socket, raw instanceof Socket && socket.extensions === '' ? raw : undefined)
}

class FrameSocket implements LinkSocket {
  readonly #socket: WebSocket
  readonly #raw: Socket | undefined
  #isOver = false
  #isFull = false
  #drained: () => void = () => {}

  constructor(socket: WebSocket, raw: Socket | undefined) {
    this.#socket = socket
    this.#raw = raw
    raw?.setKeepAlive(true, 30_000)
  }

  attach(listener: LinkSocketListener): void {
    const socket = this.#socket
    this.#drained = () => {
      if (!this.#isOver) listener.drained()
    }
    socket.on('message', (data, isBinary) => {
      if (this.#isOver) return
      for (const part of Array.isArray(data) ? data : [data]) {
        const bytes = part instanceof ArrayBuffer ? new Uint8Array(part) : part
        listener.message(isBinary ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'))
      }
    })
    socket.on('close', () => {
      this.#isOver = true
      this.#raw?.off('drain', this.#drained)
      listener.closed()
    })
    // `close` follows an error; one without a listener would end the process.
    socket.on('error', () => {})
    this.#raw?.on('drain', this.#drained)
  }

  write(frames: Uint8Array): boolean {
    const raw = this.#raw
    if (this.#isOver) return false
    if (raw === undefined) return this.#sendEach(frames)
    if (!raw.writable || this.#socket.readyState !== this.#socket.OPEN) return false
    raw.write(frames)
    return raw.writableLength < Math.max(FULL_BYTES, raw.writableHighWaterMark)
  }

  writeText(text: string): boolean {
    const socket = this.#socket
    if (this.#isOver || socket.readyState !== socket.OPEN) return false
    socket.send(text, this.#sent)
    return this.#hasRoom()
  }

  setPaused(paused: boolean): void {
    if (this.#isOver) return
    if (paused) this.#socket.pause()
    else this.#socket.resume()
  }

  close(code: number, reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    // A paused socket would never read the peer's close frame.
    this.#socket.resume()
    this.#socket.close(code, reason)
  }

  destroy(): void {
    this.#isOver = true
    this.#socket.terminate()
  }

  readonly #sent = (): void => {
    if (!this.#isFull || this.#socket.bufferedAmount >= FULL_BYTES) return
    this.#isFull = false
    this.#drained()
  }

  #hasRoom(): boolean {
    const raw = this.#raw
    if (raw !== undefined) return raw.writableLength < Math.max(FULL_BYTES, raw.writableHighWaterMark)
    this.#isFull = this.#socket.bufferedAmount >= FULL_BYTES
    return !this.#isFull
  }

  /** The way through `ws`, which frames by itself: takes the payloads out of ready frames (RFC 6455, section 5.2). */
  #sendEach(frames: Uint8Array): boolean {
    const socket = this.#socket
    if (socket.readyState !== socket.OPEN) return false
    const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength)
    for (let at = 0; at < frames.length; ) {
      const short = view.getUint8(at + 1)
      const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10
      const size = short < 126 ? short : short === 126 ? view.getUint16(at + 2) : Number(view.getBigUint64(at + 2))
      const from = at + headBytes
      socket.send(frames.subarray(from, from + size), { binary: view.getUint8(at) === 0x82 }, this.#sent)
      at = from + size
    }
    return this.#hasRoom()
  }
}
