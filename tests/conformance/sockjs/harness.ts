import type { AddressInfo } from 'node:net'
import { createFakeClock, type FakeClock } from '@hoofbeat/server/testing'
import type { FastifyInstance } from 'fastify'
import { type AnswerHead, HttpSocket, type RequestInit } from './http-socket.js'
import { createServices, type Noticed } from './services.js'
import { openTestWebSocket, type TestWebSocket } from './web-socket.js'

/** An answer with all of its body. */
export interface Answer extends AnswerHead {
  readonly body: string
}

/** An answer that goes on. */
export interface Stream extends AnswerHead {
  /** The next chunk as the server has written it; empty: it was the last. */
  next(): Promise<string>
  /** Breaks off; resolves when the server has noticed. */
  abort(): Promise<void>
}

/** A request that was sent, and is being answered. */
export interface Pending {
  answer(): Promise<Answer>
  /** Breaks off; resolves when the server has noticed. */
  abort(): Promise<void>
}

/** One server with the services, on a port that the system chooses and with time that stands still; fresh for each cell. */
export interface SockJsHarness extends Noticed {
  readonly port: number
  /** The path of a new session. */
  session(service?: string): string
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  post(path: string, body?: string, headers?: Record<string, string>): Promise<Answer>
  /** Any request, over a connection of its own. */
  request(method: string, path: string, init?: RequestInit): Promise<Answer>
  /** Begins a request, and resolves when the server has had time to take it. */
  begin(method: string, path: string, init?: RequestInit): Promise<Pending>
  stream(method: 'GET' | 'POST', path: string, headers?: Record<string, string>): Promise<Stream>
  /** A connection to write requests on. */
  socket(): Promise<HttpSocket>
  webSocket(path: string): Promise<TestWebSocket>
  /** Moves the time of the server, in small steps, each followed by the turns of the event loop that it needs. */
  advance(ms: number): Promise<void>
  close(): Promise<void>
}

export async function createHarness(allowedOrigins: '*' | readonly string[]): Promise<SockJsHarness> {
  const clock = createFakeClock()
  const noticed: Noticed = { opened: [], closed: [] }
  const app = await createServices(clock, noticed, allowedOrigins)
  const watch = watchServer(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return new ServiceHarness(app, clock, noticed, watch)
}

/** The server's wheel ticks no finer. */
const STEP_MS = 100
/** Turns of the event loop in which whatever was read within this process has had its effect. */
const QUIET_TURNS = 10

class ServiceHarness implements SockJsHarness {
  readonly opened: Noticed['opened']
  readonly closed: Noticed['closed']
  readonly port: number
  readonly #app: FastifyInstance
  readonly #clock: FakeClock
  readonly #watch: Watch
  readonly #sockets: { leave(): void }[] = []
  #sessions = 0

  constructor(app: FastifyInstance, clock: FakeClock, { opened, closed }: Noticed, watch: Watch) {
    this.opened = opened
    this.closed = closed
    this.port = (app.server.address() as AddressInfo).port
    this.#app = app
    this.#clock = clock
    this.#watch = watch
  }

  session(service = '/echo'): string {
    this.#sessions++
    return `${service}/000/session_${this.#sessions}`
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('GET', path, { headers })
  }

  post(path: string, body = '', headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('POST', path, { headers, body })
  }

  async request(method: string, path: string, init?: RequestInit): Promise<Answer> {
    const socket = await this.socket()
    socket.send(method, path, init)
    return readAnswer(socket, method)
  }

  async begin(method: string, path: string, init?: RequestInit): Promise<Pending> {
    const socket = await this.socket()
    const taken = this.#watch.nextRequest()
    socket.send(method, path, init)
    await taken
    await turns(QUIET_TURNS)
    return { answer: () => readAnswer(socket, method), abort: () => this.#abort(socket) }
  }

  async stream(method: 'GET' | 'POST', path: string, headers: Record<string, string> = {}): Promise<Stream> {
    const socket = await this.socket()
    socket.send(method, path, { headers })
    return { ...(await socket.head()), next: () => socket.readChunk(), abort: () => this.#abort(socket) }
  }

  async socket(): Promise<HttpSocket> {
    const socket = await HttpSocket.open(this.port)
    this.#sockets.push(socket)
    return socket
  }

  async webSocket(path: string): Promise<TestWebSocket> {
    const socket = await openTestWebSocket(`ws://127.0.0.1:${this.port}${path}`)
    this.#sockets.push(socket)
    return socket
  }

  async advance(ms: number): Promise<void> {
    await turns(QUIET_TURNS)
    for (let left = ms; left > 0; left -= STEP_MS) {
      this.#clock.advance(Math.min(left, STEP_MS))
      await turns(1)
    }
    await turns(QUIET_TURNS)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.leave()
    let isOver = false
    const over = this.#app.close().finally(() => {
      isOver = true
    })
    while (!isOver) await this.advance(STEP_MS)
    await over
  }

  async #abort(socket: HttpSocket): Promise<void> {
    const noticed = this.#watch.gone(socket.localPort)
    socket.leave()
    await noticed
    await turns(QUIET_TURNS)
  }
}

/** Reads a body as its head says that it is framed. */
async function readAnswer(socket: HttpSocket, method: string): Promise<Answer> {
  const head = await socket.head()
  const length = head.header('content-length')
  let body = ''
  if (head.header('transfer-encoding') === 'chunked') {
    for (let chunk = await socket.readChunk(); chunk !== ''; chunk = await socket.readChunk()) body += chunk
  } else if (length !== undefined) {
    if (method !== 'HEAD' && head.status !== 304) body = await socket.read(Number(length))
  } else if (head.header('connection')?.toLowerCase() === 'close') {
    body = await socket.readToEnd()
  } else if (![101, 204, 304].includes(head.status)) {
    throw new Error(`${head.status} does not say where its body ends`)
  }
  return { ...head, body }
}

/** What the server notices of its connections. */
interface Watch {
  nextRequest(): Promise<void>
  /** The connection from a client's port has ended. */
  gone(port: number | undefined): Promise<void>
}

function watchServer({ server }: FastifyInstance): Watch {
  const requested: (() => void)[] = []
  const open = new Map<number | undefined, Promise<void>>()
  server.on('connection', (socket) => {
    const { remotePort } = socket
    open.set(remotePort, new Promise((resolve) => socket.once('close', () => resolve())))
  })
  server.on('request', () => requested.shift()?.())
  return {
    nextRequest: () => new Promise((resolve) => requested.push(resolve)),
    gone: (port) => open.get(port) ?? Promise.resolve(),
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
