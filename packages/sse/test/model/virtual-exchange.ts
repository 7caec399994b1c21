import type { Admitted, DoorName, EventStream, Exchange, StreamListener } from '../../src/server/exchange.js'

/** A request as it arrives at a server. */
export interface ArrivedRequest {
  readonly door: DoorName
  readonly link: string | undefined
  readonly page: string
  readonly body: string
  /** How the server's streams are written: past the response, in chunks, or not. */
  readonly form: 'event' | 'chunk'
  /** How long the application takes to say who this is, and the body to come in. */
  wait(): Promise<void>
}

/** Where a reply goes. */
export interface ReplyWay {
  /** False: the client has gone. */
  head(status: number, type: string, isStream: boolean): boolean
  /** False: full until told `drained`. */
  chunk(bytes: Uint8Array): boolean
  end(): void
  destroy(): void
}

/** The server's side of one request. */
export class VirtualExchange implements Exchange<string> {
  readonly door: DoorName
  readonly link: string | undefined
  readonly origin = 'https://page.example'
  readonly remoteAddress: string
  readonly hasCredentials = false
  readonly #request: ArrivedRequest
  readonly #way: ReplyWay
  #listener: StreamListener | undefined
  #goneListeners: (() => void)[] = []
  #isAnswered = false
  #isGone = false

  constructor(request: ArrivedRequest, way: ReplyWay) {
    this.#request = request
    this.#way = way
    this.door = request.door
    this.link = request.link
    this.remoteAddress = request.page
  }

  async admit(): Promise<Admitted<string>> {
    await this.#request.wait()
    return { admission: this.#request.page, subject: undefined }
  }

  async body(maxBytes: number): Promise<string> {
    await this.#request.wait()
    if (this.#isGone) throw Object.assign(new Error('the client has gone'), { statusCode: 400 })
    const { body } = this.#request
    if (Buffer.byteLength(body) > maxBytes) throw Object.assign(new Error('too large'), { statusCode: 413 })
    return body
  }

  reply(status: number, body: object): void {
    this.#answer(status, 'application/json; charset=utf-8', Buffer.from(JSON.stringify(body)))
  }

  replyEvents(events: Uint8Array): void {
    this.#answer(200, 'text/event-stream; charset=utf-8', events)
  }

  stream(listener: StreamListener): EventStream | undefined {
    if (!this.#begins() || !this.#way.head(200, 'text/event-stream; charset=utf-8', true)) return undefined
    this.#listener = listener
    const { form } = this.#request
    const way = this.#way
    let isOver = false
    const write = (bytes: Uint8Array): boolean => !isOver && way.chunk(form === 'chunk' ? unchunked(bytes) : bytes)
    return {
      form,
      write,
      writeSoon: (bytes) => {
        if (!write(bytes)) listener.filled()
      },
      writeEvent: (event) => write(Buffer.from(form === 'chunk' ? chunkOf(event) : event)),
      end: () => {
        if (!isOver) way.end()
        isOver = true
      },
      destroy: () => {
        isOver = true
        way.destroy()
      },
    }
  }

  onGone(run: () => void): void {
    if (this.#isGone) queueMicrotask(run)
    else this.#goneListeners.push(run)
  }

  /** The stream's reader has taken what it was full of. */
  drained(): void {
    this.#listener?.drained()
  }

  /** The connection has ended for the server. Never called inside a call of the server's. */
  over(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#listener?.closed()
    if (!this.#isAnswered) for (const run of this.#goneListeners) run()
    this.#goneListeners = []
  }

  #answer(status: number, type: string, bytes: Uint8Array): void {
    if (!this.#begins() || !this.#way.head(status, type, false)) return
    this.#way.chunk(bytes)
    this.#way.end()
  }

  #begins(): boolean {
    if (this.#isAnswered || this.#isGone) return false
    this.#isAnswered = true
    return true
  }
}

function chunkOf(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}

/** Takes the chunks of HTTP/1.1 apart again; a piece must hold whole chunks. */
function unchunked(bytes: Uint8Array): Uint8Array {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: Buffer[] = []
  for (let at = 0; at < source.length; ) {
    const headEnd = source.indexOf('\r\n', at)
    const length = Number.parseInt(source.toString('latin1', at, headEnd), 16)
    const from = headEnd + 2
    if (!(length > 0) || source.toString('latin1', from + length, from + length + 2) !== '\r\n') {
      throw new Error('not a whole chunk')
    }
    parts.push(source.subarray(from, from + length))
    at = from + length + 2
  }
  return Buffer.concat(parts)
}
