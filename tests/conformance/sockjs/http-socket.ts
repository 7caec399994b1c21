import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'

/** What is sent in a request beside method and path. */
export interface RequestInit {
  /** @default '1.1' */
  readonly http?: '1.0' | '1.1'
  readonly headers?: Readonly<Record<string, string>>
  /** Sent with a Content-Length. A POST without a body says that its length is 0. */
  readonly body?: string
  /** True: says nothing about its body. @default false */
  readonly isBare?: boolean
}

/** The head of an answer; what follows is read from the connection. */
export interface AnswerHead {
  readonly http: string
  readonly status: number
  /** All values of a header, in order, one a line; undefined where it is absent. Names are compared without case. */
  header(name: string): string | undefined
}

/** An HTTP connection that shows what is on the wire and adds nothing of its own but Host and Content-Length. */
export class HttpSocket {
  readonly #socket: Socket
  #unread: Buffer = Buffer.alloc(0)
  #isOver = false
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes) => {
      this.#unread = Buffer.concat([this.#unread, bytes])
      this.#wake()
    })
    const end = (): void => {
      this.#isOver = true
      this.#wake()
    }
    socket.on('end', end)
    socket.on('error', end)
    socket.on('close', end)
  }

  static async open(port: number): Promise<HttpSocket> {
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true })
    const opened = new HttpSocket(socket)
    await once(socket, 'connect')
    return opened
  }

  /** By which the server knows this connection. */
  get localPort(): number | undefined {
    return this.#socket.localPort
  }

  /** Sends a request; its answer is not waited for. */
  send(method: string, path: string, { http = '1.1', headers = {}, body, isBare = false }: RequestInit = {}): void {
    const lines = [`${method} ${path} HTTP/${http}`, `Host: 127.0.0.1:${this.#socket.remotePort}`]
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
    if (!isBare && (body !== undefined || method === 'POST')) {
      lines.push(`Content-Length: ${Buffer.byteLength(body ?? '')}`)
    }
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`)
  }

  async head(): Promise<AnswerHead> {
    const [first = '', ...lines] = (await this.readTo('\r\n\r\n')).trimEnd().split('\r\n')
    const [, http = '', status = ''] = /^HTTP\/(\d\.\d) (\d{3})/.exec(first) ?? []
    const headers = lines.map((line) => {
      const colon = line.indexOf(':')
      return { name: line.slice(0, colon).toLowerCase(), value: line.slice(colon + 1).trim() }
    })
    return {
      http,
      status: Number(status),
      header(name) {
        const values = headers.filter((header) => header.name === name.toLowerCase()).map(({ value }) => value)
        return values.length === 0 ? undefined : values.join('\n')
      },
    }
  }

  /** Exactly so many bytes. */
  async read(lengthBytes: number): Promise<string> {
    while (this.#unread.length < lengthBytes) await this.#more()
    return this.#take(lengthBytes)
  }

  /** What comes until `mark`, and the mark. */
  async readTo(mark: string): Promise<string> {
    for (;;) {
      const at = this.#unread.indexOf(mark)
      if (at >= 0) return this.#take(at + mark.length)
      await this.#more()
    }
  }

  /** The next chunk of a chunked body; the last one is empty. */
  async readChunk(): Promise<string> {
    const lengthBytes = Number.parseInt(await this.readTo('\r\n'), 16)
    const chunk = await this.read(lengthBytes)
    await this.read(2)
    return chunk
  }

  /** All that comes until the server ends the connection. */
  async readToEnd(): Promise<string> {
    while (!this.#isOver) await new Promise<void>(this.#sleep)
    return this.#take(this.#unread.length)
  }

  /** Ends the connection from this side. */
  leave(): void {
    this.#socket.destroy()
  }

  #take(lengthBytes: number): string {
    const taken = this.#unread.subarray(0, lengthBytes)
    this.#unread = this.#unread.subarray(lengthBytes)
    return taken.toString('utf8')
  }

  async #more(): Promise<void> {
    const before = this.#unread.length
    if (!this.#isOver) await new Promise<void>(this.#sleep)
    if (this.#isOver && this.#unread.length === before) {
      throw new Error(`the connection has ended; unread: ${this.#unread.toString('utf8').slice(0, 200)}`)
    }
  }

  readonly #sleep = (wake: () => void): void => {
    this.#wake = wake
  }
}
