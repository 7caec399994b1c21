import { createDecoder, encode, type Frame, type FrameInit, VERSIONS, type Version } from '@hoofbeat/codec'
import type { FastifyInstance } from 'fastify'
import type { Connection, Peer } from '../connection/connection.js'
import { ACCEPT, type Endpoint } from '../endpoints/endpoint.js'
import type { ClosedWith } from './carrier.js'
import { type LinkedEnd, linkConnection } from './linked-connection.js'

/**
 * A STOMP client within the process, on a linked connection, one frame after the other: for tests of the protocol. What
 * the server sends is kept until it is asked for. Tests of applications read better with `createTestKit`.
 */
export interface StompTestClient {
  readonly link: LinkedEnd
  /** Version of the frames written and read from now on. CONNECTED sets it. */
  version: Version
  /** Heart-beats seen so far. */
  readonly heartBeats: number
  /** Sends one frame. */
  send(frame: FrameInit): void
  /** Sends raw bytes or text, legal or not. */
  sendRaw(data: Uint8Array | string): void
  /** Sends CONNECT and returns CONNECTED. @default accept-version all, no heart-beats */
  connect(headers?: Readonly<Record<string, string>>): Promise<Frame>
  /** Sends SUBSCRIBE and waits for its RECEIPT. */
  subscribe(id: string, destination: string, headers?: Readonly<Record<string, string>>): Promise<void>
  /** The next frame. Rejects if none comes although the server has had every chance to speak. */
  next(): Promise<Frame>
  /** Resolves when the server has had every chance to speak; the frames that had not been asked for. */
  rest(): Promise<readonly Frame[]>
  /** How the connection ended; undefined while it is open. */
  closed(): Promise<ClosedWith | undefined>
}

/** Opens a client; `accept` takes the server's end, in the same tick. */
export function openTestClient(accept: (connection: Connection) => void, peer?: Partial<Peer>): StompTestClient {
  return new LinkedClient(accept, peer)
}

/**
 * Opens a client to an application in which the plugin is registered; make it ready first. Neither Origin nor `identify`
 * are asked: give the identity in `peer`.
 */
export function connectTestClient(app: FastifyInstance, peer?: Partial<Peer>): StompTestClient {
  const accept = app.getDecorator<Endpoint['accept']>(ACCEPT)
  return openTestClient(accept, peer)
}

/** Everything in the process happens within a bounded number of turns of the event loop; no time is involved. */
const PATIENCE_TURNS = 50

class LinkedClient implements StompTestClient {
  readonly link: LinkedEnd
  heartBeats = 0
  readonly #decoder = createDecoder({ from: 'server', limits: { maxBodyBytes: 64 * 1024 * 1024 } })
  readonly #frames: Frame[] = []
  #closed: ClosedWith | undefined

  constructor(accept: (connection: Connection) => void, peer: Partial<Peer> | undefined) {
    this.link = linkConnection(
      {
        bytes: (data) => this.#read(data),
        closed: (code, reason) => {
          this.#closed = { code, reason }
        },
      },
      peer,
    )
    accept(this.link.connection)
  }

  get version(): Version {
    return this.#decoder.version
  }

  set version(version: Version) {
    this.#decoder.version = version
  }

  send(frame: FrameInit): void {
    this.link.send(encode(frame, this.version))
  }

  sendRaw(data: Uint8Array | string): void {
    this.link.send(data)
  }

  async connect(headers: Readonly<Record<string, string>> = {}): Promise<Frame> {
    this.send({ command: 'CONNECT', headers: { 'accept-version': '1.0,1.1,1.2', host: 'test', ...headers } })
    const connected = await this.next()
    if (connected.command !== 'CONNECTED') {
      throw new Error(`${connected.command} came instead of CONNECTED: ${connected.headers.get('message')}`)
    }
    return connected
  }

  async subscribe(id: string, destination: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const receipt = `subscribed ${id}`
    this.send({ command: 'SUBSCRIBE', headers: { id, destination, receipt, ...headers } })
    const answer = await this.next()
    if (answer.command !== 'RECEIPT' || answer.headers.get('receipt-id') !== receipt) {
      throw new Error(`${answer.command} came instead of a RECEIPT: ${answer.headers.get('message')}`)
    }
  }

  async next(): Promise<Frame> {
    for (let turn = 0; turn < PATIENCE_TURNS; turn++) {
      const frame = this.#frames.shift()
      if (frame !== undefined) return frame
      await nextTurn()
    }
    throw new Error(this.#closed ? `no frame came; closed with ${this.#closed.code}` : 'no frame came')
  }

  async rest(): Promise<readonly Frame[]> {
    for (let turn = 0; turn < PATIENCE_TURNS; turn++) await nextTurn()
    return this.#frames.splice(0)
  }

  async closed(): Promise<ClosedWith | undefined> {
    for (let turn = 0; turn < PATIENCE_TURNS && this.#closed === undefined; turn++) await nextTurn()
    return this.#closed
  }

  #read(data: Uint8Array): void {
    this.#decoder.push(data)
    for (let next = this.#decoder.next(); next !== undefined; next = this.#decoder.next()) {
      if (next === 'heart-beat') this.heartBeats++
      else this.#take(next)
    }
  }

  #take(frame: Frame): void {
    this.#frames.push(frame)
    if (frame.command !== 'CONNECTED') return
    // At once: frames of the agreed version may follow in the same chunk. STOMP 1.0 need not name it.
    const version = frame.headers.get('version')
    this.version = VERSIONS.find((known) => known === version) ?? '1.0'
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
