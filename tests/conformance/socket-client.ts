import { createDecoder, type Decoder, encode, type Frame, type FrameInit, type Version } from '@hoofbeat/codec'
import { WebSocket } from 'ws'
import type { Received, WireClient } from './harness.js'

/** Opens a wire client on a WebSocket; resolves when the handshake is done. */
export async function openSocketClient(
  url: string,
  version: Version,
  protocols: readonly string[],
): Promise<WireClient> {
  const socket = new WebSocket(url, [...protocols], { perMessageDeflate: false })
  const client = new WebSocketWireClient(socket, version)
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return client
}

interface Closing {
  readonly code: number
  readonly reason: string
}

/** What has arrived and was not asked for yet, or who asked for it and waits. */
class Mailbox<T> {
  readonly #items: T[] = []
  readonly #waiting: { readonly resolve: (item: T) => void; readonly reject: (error: Error) => void }[] = []
  #end: Error | undefined

  put(item: T): void {
    const waiter = this.#waiting.shift()
    if (waiter === undefined) this.#items.push(item)
    else waiter.resolve(item)
  }

  end(error: Error): void {
    this.#end = error
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }

  take(): Promise<T> {
    const item = this.#items.shift()
    if (item !== undefined) return Promise.resolve(item)
    if (this.#end !== undefined) return Promise.reject(this.#end)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }
}

class WebSocketWireClient implements WireClient {
  readonly version: Version
  readonly received: Received[] = []
  heartBeats = 0
  isClosed = false
  readonly #socket: WebSocket
  readonly #decoder: Decoder
  readonly #frames = new Mailbox<Frame>()
  readonly #beats = new Mailbox<true>()
  readonly #closing: Promise<Closing>

  constructor(socket: WebSocket, version: Version) {
    this.version = version
    this.#socket = socket
    this.#decoder = createDecoder({ version, from: 'server' })
    socket.on('message', (data: Buffer, isBinary) => this.#read(data, isBinary))
    this.#closing = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.isClosed = true
        const end = new Error(`the connection was closed with ${code} ${reason}`)
        this.#frames.end(end)
        this.#beats.end(end)
        resolve({ code, reason: reason.toString() })
      })
    })
  }

  get protocol(): string | undefined {
    return this.#socket.protocol === '' ? undefined : this.#socket.protocol
  }

  send(...pieces: readonly (Uint8Array | string | FrameInit)[]): void {
    const bytes = Buffer.concat(pieces.map((piece) => this.#bytesOf(piece)))
    const isText = pieces.every((piece) => typeof piece === 'string' || ('command' in piece && isTextual(piece)))
    this.#socket.send(bytes, { binary: !isText })
  }

  next(): Promise<Frame> {
    return this.#frames.take()
  }

  async nextHeartBeat(): Promise<void> {
    await this.#beats.take()
  }

  closed(): Promise<Closing> {
    return this.#closing
  }

  setStalled(isStalled: boolean): void {
    if (isStalled) this.#socket.pause()
    else this.#socket.resume()
  }

  leave(): void {
    this.#socket.terminate()
  }

  #bytesOf(piece: Uint8Array | string | FrameInit): Uint8Array {
    if (typeof piece === 'string') return Buffer.from(piece)
    return piece instanceof Uint8Array ? piece : encode(piece, this.version)
  }

  #read(bytes: Uint8Array, isBinary: boolean): void {
    this.received.push({ bytes, isBinary })
    this.#decoder.push(bytes)
    for (let next = this.#decoder.next(); next !== undefined; next = this.#decoder.next()) {
      if (next !== 'heart-beat') {
        this.#frames.put(next)
        continue
      }
      this.heartBeats++
      this.#beats.put(true)
    }
  }
}

const isTextual = (frame: FrameInit): boolean => frame.body === undefined || typeof frame.body === 'string'
