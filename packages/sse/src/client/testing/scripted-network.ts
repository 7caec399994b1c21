import type { CarrierSocket, Sign, Surroundings } from '../surroundings.js'
import { settled, VirtualTime } from './virtual-time.js'

/** One POST that the client sent; the test says what comes back. */
export class ScriptedRequest {
  readonly door: string
  readonly url: string
  readonly init: RequestInit
  readonly body: Record<string, unknown>
  readonly response: Promise<Response>
  isAborted = false
  #resolve: (response: unknown) => void = () => {}
  #reject: (error: Error) => void = () => {}
  #chunks: (Uint8Array | undefined)[] = []
  #reader: ((result: { done: boolean; value?: Uint8Array }) => void) | undefined
  #readerFailed: ((error: Error) => void) | undefined

  constructor(url: string, init: RequestInit) {
    this.url = url
    this.init = init
    this.door = url.split('/').pop()?.split('?')[0] ?? ''
    this.body = JSON.parse(String(init.body))
    this.response = new Promise<Response>((resolve, reject) => {
      this.#resolve = resolve as (response: unknown) => void
      this.#reject = reject
    })
    init.signal?.addEventListener('abort', () => {
      this.isAborted = true
      this.fail()
    })
  }

  /** Answers with JSON, or with a page that is none. */
  async reply(status: number, body: object | string): Promise<void> {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    this.#resolve({ status, text: async () => text, body: undefined })
    await settled()
  }

  /** Answers 200 with a body that is written piece by piece. */
  async stream(...events: string[]): Promise<void> {
    const read = () =>
      new Promise<{ done: boolean; value?: Uint8Array }>((resolve, reject) => {
        if (this.#chunks.length > 0) {
          const value = this.#chunks.shift()
          resolve(value === undefined ? { done: true } : { done: false, value })
          return
        }
        this.#reader = resolve
        this.#readerFailed = reject
      })
    this.#resolve({ status: 200, text: async () => '', body: { getReader: () => ({ read }) } })
    for (const text of events) await this.write(text)
    await settled()
  }

  async write(text: string): Promise<void> {
    this.#give(new TextEncoder().encode(text))
    await settled()
  }

  async writeBytes(bytes: Uint8Array): Promise<void> {
    this.#give(bytes)
    await settled()
  }

  async end(): Promise<void> {
    this.#give(undefined)
    await settled()
  }

  /** The connection breaks. */
  fail(): void {
    const error = new TypeError('network failure')
    this.#reject(error)
    this.#readerFailed?.(error)
  }

  #give(value: Uint8Array | undefined): void {
    const reader = this.#reader
    this.#reader = undefined
    if (reader === undefined) this.#chunks.push(value)
    else reader(value === undefined ? { done: true } : { done: false, value })
  }
}

/** One WebSocket that the client made; the test is the server. */
export class ScriptedSocket implements CarrierSocket {
  binaryType = 'blob'
  protocol = ''
  bufferedAmount = 0
  onopen: ((event: unknown) => void) | null = null
  onmessage: ((event: { readonly data: unknown }) => void) | null = null
  onclose: ((event: { readonly code?: number; readonly reason?: string }) => void) | null = null
  onerror: ((event: unknown) => void) | null = null
  /** What the client sent and the test has not taken. */
  sent: (string | Uint8Array)[] = []
  closedWith: number | undefined
  readonly url: string
  readonly protocols: readonly string[]

  constructor(url: string, protocols: readonly string[]) {
    this.url = url
    this.protocols = protocols
  }

  send(data: string | Uint8Array): void {
    this.sent.push(data)
  }

  close(code?: number): void {
    this.closedWith = code ?? 1005
  }

  open(protocol: string = this.protocols[0] ?? ''): void {
    this.protocol = protocol
    this.onopen?.({})
  }

  async say(letter: string, data: object): Promise<void> {
    this.onmessage?.({ data: `\u0001${letter}${JSON.stringify(data)}` })
    await settled()
  }

  async message(data: string | ArrayBuffer): Promise<void> {
    this.onmessage?.({ data })
    await settled()
  }

  async cut(): Promise<void> {
    this.onclose?.({ code: 1006 })
    await settled()
  }

  /** What was sent since the last call. */
  take(): (string | Uint8Array)[] {
    return this.sent.splice(0)
  }
}

/** A network of which the test is the other end. */
export class ScriptedNetwork {
  readonly time: VirtualTime = new VirtualTime()
  readonly requests: ScriptedRequest[] = []
  readonly sockets: ScriptedSocket[] = []
  #told: ((sign: Sign) => void) | undefined
  isWatched = false

  /** The newest request to a door that nobody has taken yet. */
  request(door: string): ScriptedRequest {
    const at = this.requests.findIndex((request) => request.door === door && !request.isAborted)
    const [found] = at < 0 ? [] : this.requests.splice(at, 1)
    if (found === undefined) throw new Error(`no request to ${door} is open`)
    return found
  }

  /** How many requests to a door wait to be taken. */
  count(door: string): number {
    return this.requests.filter((request) => request.door === door && !request.isAborted).length
  }

  socket(at: number = this.sockets.length - 1): ScriptedSocket {
    const socket = this.sockets[at]
    if (socket === undefined) throw new Error(`there is no socket ${at}`)
    return socket
  }

  async sign(sign: Sign): Promise<void> {
    this.#told?.(sign)
    await settled()
  }

  surroundings(changes: Partial<Surroundings> = {}): Surroundings {
    const network = this
    class Socket extends ScriptedSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols)
        network.sockets.push(this)
      }
    }
    const fetch = (url: string, init: RequestInit): Promise<Response> => {
      const request = new ScriptedRequest(url, init)
      this.requests.push(request)
      return request.response
    }
    return {
      now: this.time.now,
      after: this.time.after,
      soon: (run) => void this.time.after(0, run),
      random: () => 0.5,
      fetch: fetch as typeof globalThis.fetch,
      WebSocket: Socket,
      watch: (told) => {
        this.#told = told
        this.isWatched = true
        return () => {
          this.isWatched = false
        }
      },
      ...changes,
    }
  }
}
