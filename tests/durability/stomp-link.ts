import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Command, createDecoder, encode, type Frame } from '@hoofbeat/codec'

/** A frame to be sent. */
export interface OwnFrame {
  readonly command: Command
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** One STOMP 1.2 session over TCP. */
export interface StompLink {
  /** All ids of receipts that have come, in their order. */
  readonly receipts: readonly string[]
  /** Resolves when the connection is gone: with the ERROR that ended it, or undefined. */
  readonly closed: Promise<Frame | undefined>
  /** Told of every MESSAGE from now on. */
  onMessage: (frame: Frame) => void
  /** Sends without waiting. With `onReceipt` a receipt is asked for, and that is called when it is there. */
  send(frame: OwnFrame, onReceipt?: (id: string) => void): void
  /** Sends, and resolves with the id of the receipt; rejects if the connection ends before. */
  request(frame: OwnFrame): Promise<string>
  /** Waits for something that the server is to send; rejects if the connection ends before. */
  orClosed<T>(answer: Promise<T>): Promise<T>
  /** DISCONNECT; resolves when the connection is closed. */
  leave(): Promise<void>
  destroy(): void
}

/** Opens a session for `login`. */
export async function openLink(port: number, login: string): Promise<StompLink> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const link = new SocketLink(socket, login)
  await once(socket, 'connect')
  await link.connect(login)
  return link
}

let links = 0

class SocketLink implements StompLink {
  readonly receipts: string[] = []
  readonly closed: Promise<Frame | undefined>
  onMessage: (frame: Frame) => void = () => {}
  readonly #socket: Socket
  readonly #name: string
  readonly #decoder = createDecoder({ version: '1.2', from: 'server' })
  readonly #waiting = new Map<string, (id: string) => void>()
  #connected: () => void = () => {}
  #error: Frame | undefined = undefined
  #lastReceipt = 0

  constructor(socket: Socket, login: string) {
    this.#socket = socket
    links += 1
    this.#name = `${login}-${links}`
    // A reset is how a killed server is noticed.
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => this.#hear(chunk))
    this.closed = new Promise((resolve) => socket.on('close', () => resolve(this.#error)))
  }

  async connect(login: string): Promise<void> {
    const connected = new Promise<void>((resolve) => {
      this.#connected = resolve
    })
    this.send({ command: 'CONNECT', headers: { 'accept-version': '1.2', host: 'localhost', login } })
    await this.orClosed(connected)
  }

  send({ command, headers = {}, body = '' }: OwnFrame, onReceipt?: (id: string) => void): void {
    let all = headers
    if (onReceipt !== undefined) {
      this.#lastReceipt += 1
      const id = `${this.#name}-${this.#lastReceipt}`
      this.#waiting.set(id, onReceipt)
      all = { ...headers, receipt: id }
    }
    this.#socket.write(encode({ command, headers: all, body }, '1.2'))
  }

  request(frame: OwnFrame): Promise<string> {
    return this.orClosed(new Promise((resolve) => this.send(frame, resolve)))
  }

  async leave(): Promise<void> {
    await this.request({ command: 'DISCONNECT' })
    this.#socket.end()
    await this.closed
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #hear(chunk: Buffer): void {
    this.#decoder.push(chunk)
    for (let next = this.#decoder.next(); next !== undefined; next = this.#decoder.next()) {
      if (next !== 'heart-beat') this.#take(next)
    }
  }

  #take(frame: Frame): void {
    if (frame.command === 'MESSAGE') this.onMessage(frame)
    else if (frame.command === 'CONNECTED') this.#connected()
    else if (frame.command === 'ERROR') this.#error = frame
    else {
      const id = frame.headers.get('receipt-id') ?? ''
      this.receipts.push(id)
      this.#waiting.get(id)?.(id)
      this.#waiting.delete(id)
    }
  }

  orClosed<T>(answer: Promise<T>): Promise<T> {
    const ended = this.closed.then((error): never => {
      throw new LinkClosed(error)
    })
    return Promise.race([answer, ended])
  }
}

/** What a request ends with when the server ends the session instead. */
export class LinkClosed extends Error {
  /** The `code` of the ERROR, if one came. */
  readonly code: string | undefined

  constructor(error: Frame | undefined) {
    super(`the connection was closed: ${error?.headers.get('message') ?? 'without a word'}`)
    this.name = 'LinkClosed'
    this.code = error?.headers.get('code')
  }
}
