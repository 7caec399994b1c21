import type { Admitted, DoorName, EventStream, Exchange, Forwarded, StreamListener } from '../exchange.js'

/** What a fake request is; whatever is missing is harmless. */
export interface FakeRequest {
  readonly door: DoorName
  readonly link?: string | undefined
  readonly origin?: string | undefined
  readonly remoteAddress?: string | undefined
  readonly hasCredentials?: boolean
  readonly forwarded?: Forwarded
  readonly admit?: () => Promise<Admitted<string>>
  readonly body?: object | string
  readonly readBody?: (maxBytes: number) => Promise<string>
}

/** A request whose reply is written down. */
export class FakeExchange implements Exchange<string> {
  readonly door: DoorName
  readonly link: string | undefined
  readonly origin: string | undefined
  readonly remoteAddress: string | undefined
  readonly hasCredentials: boolean
  readonly forwarded: Forwarded | undefined
  readonly #request: FakeRequest
  #gone: (() => void) | undefined
  isGone = false
  wasRead = false
  maxBytes = 0
  status: number | undefined
  json: Readonly<Record<string, unknown>> | undefined
  events: string | undefined
  opened: FakeStream | undefined

  constructor(request: FakeRequest) {
    this.#request = request
    this.door = request.door
    this.link = request.link
    this.origin = request.origin
    this.remoteAddress = request.remoteAddress ?? '192.0.2.1'
    this.hasCredentials = request.hasCredentials ?? false
    this.forwarded = request.forwarded
  }

  get isAnswered(): boolean {
    return this.status !== undefined
  }

  admit(): Promise<Admitted<string>> {
    return this.#request.admit?.() ?? Promise.resolve({ admission: 'anyone', subject: undefined })
  }

  body(maxBytes: number): Promise<string> {
    this.wasRead = true
    this.maxBytes = maxBytes
    if (this.#request.readBody !== undefined) return this.#request.readBody(maxBytes)
    const { body = {} } = this.#request
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    if (text.length > maxBytes) return Promise.reject(withStatus(413))
    return Promise.resolve(text)
  }

  reply(status: number, body: object): void {
    if (!this.#begin(status)) return
    this.json = { ...body }
  }

  replyEvents(events: Uint8Array): void {
    if (!this.#begin(200)) return
    this.events = Buffer.from(events).toString('utf8')
  }

  stream(listener: StreamListener): EventStream | undefined {
    if (!this.#begin(200)) return undefined
    this.opened = new FakeStream(listener)
    return this.opened
  }

  onGone(run: () => void): void {
    if (this.isGone) queueMicrotask(run)
    else this.#gone = run
  }

  /** The client leaves. */
  leave(): void {
    this.isGone = true
    if (!this.isAnswered) this.#gone?.()
    if (this.opened?.isOver === false) this.opened.cut()
  }

  #begin(status: number): boolean {
    if (this.isGone) return false
    if (this.isAnswered) throw new Error('answered twice')
    this.status = status
    return true
  }
}

/** An event stream whose writes are written down. */
export class FakeStream implements EventStream {
  readonly form = 'event'
  readonly #listener: StreamListener
  readonly writes: string[] = []
  /** The very objects that were written. */
  readonly buffers: Uint8Array[] = []
  isFull = false
  end_: 'ended' | 'destroyed' | 'cut' | undefined

  constructor(listener: StreamListener) {
    this.#listener = listener
  }

  get isOver(): boolean {
    return this.end_ !== undefined
  }

  get text(): string {
    return this.writes.join('')
  }

  write(bytes: Uint8Array): boolean {
    if (this.isOver) return false
    this.buffers.push(bytes)
    this.writes.push(Buffer.from(bytes).toString('utf8'))
    return !this.isFull
  }

  writeSoon(bytes: Uint8Array): void {
    if (!this.write(bytes)) this.#listener.filled()
  }

  writeEvent(event: string): boolean {
    if (this.isOver) return false
    this.writes.push(event)
    return !this.isFull
  }

  end(): void {
    this.#over('ended')
  }

  destroy(): void {
    this.#over('destroyed')
  }

  /** The connection is lost. */
  cut(): void {
    this.end_ = 'cut'
    this.#listener.closed()
  }

  drain(): void {
    this.isFull = false
    this.#listener.drained()
  }

  #over(how: 'ended' | 'destroyed'): void {
    if (this.isOver) return
    this.end_ = how
    setImmediate(() => this.#listener.closed())
  }
}

/** An error with an HTTP status. */
export function withStatus(statusCode: number): Error {
  return Object.assign(new Error(`status ${statusCode}`), { statusCode })
}
