import { createDecoder, type Decoder, encode, type Frame, type FrameInit, type Version } from '@hoofbeat/codec'
import type { Closing, Received, WireClient } from './harness.js'
import type { Transport } from './requirement.js'

/** The transport under a wire client. */
export interface Carrier {
  /** The sub-protocol agreed on, if any. */
  readonly protocol: string | undefined
  write(bytes: Uint8Array, isText: boolean): void
  setStalled(isStalled: boolean): void
  end(): void
  leave(): void
  reset(): void
}

/** What a carrier tells. */
export interface Arrivals {
  bytes(bytes: Uint8Array, isBinary: boolean): void
  /** The server has ended the connection, or its side of it. Told once at least; the first time counts. */
  closed(closing: Closing): void
  /** Nothing is left of the connection. */
  gone(): void
}

/** What a wire client is told of the server at its other end. */
export interface Surroundings {
  readonly version: Version
  readonly transport: Transport
  /** As {@link WireClient.settled}. */
  readonly settled: () => Promise<void>
}

/** Makes a wire client; `open` makes its carrier, and may tell of arrivals at once. */
export async function openWireClient(
  surroundings: Surroundings,
  open: (arrivals: Arrivals) => Promise<Carrier>,
): Promise<WireClient> {
  const inbox = new Inbox(surroundings.version)
  return new CarriedClient(surroundings, inbox, await open(inbox))
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

/** Something that happens once. */
class Event<T> {
  hasHappened = false
  readonly promise: Promise<T>
  #resolve: (value: T) => void = () => {}

  constructor() {
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  happen(value: T): void {
    this.hasHappened = true
    this.#resolve(value)
  }
}

class Inbox implements Arrivals {
  readonly received: Received[] = []
  readonly frames = new Mailbox<Frame>()
  readonly beats = new Mailbox<true>()
  readonly closing = new Event<Closing>()
  readonly end = new Event<void>()
  heartBeats = 0
  readonly #decoder: Decoder

  constructor(version: Version) {
    this.#decoder = createDecoder({ version, from: 'server' })
  }

  bytes(bytes: Uint8Array, isBinary: boolean): void {
    this.received.push({ bytes, isBinary })
    this.#decoder.push(bytes)
    for (let next = this.#decoder.next(); next !== undefined; next = this.#decoder.next()) {
      if (next !== 'heart-beat') {
        this.frames.put(next)
        continue
      }
      this.heartBeats++
      this.beats.put(true)
    }
  }

  closed(closing: Closing): void {
    if (this.closing.hasHappened) return
    const end = new Error(`the connection was closed with ${closing.code} ${closing.reason}`)
    this.frames.end(end)
    this.beats.end(end)
    this.closing.happen(closing)
  }

  gone(): void {
    this.end.happen()
  }
}

class CarriedClient implements WireClient {
  readonly version: Version
  readonly transport: Transport
  readonly settled: () => Promise<void>
  readonly #inbox: Inbox
  readonly #carrier: Carrier

  constructor({ version, transport, settled }: Surroundings, inbox: Inbox, carrier: Carrier) {
    this.version = version
    this.transport = transport
    this.settled = settled
    this.#inbox = inbox
    this.#carrier = carrier
  }

  get protocol(): string | undefined {
    return this.#carrier.protocol
  }

  get heartBeats(): number {
    return this.#inbox.heartBeats
  }

  get received(): readonly Received[] {
    return this.#inbox.received
  }

  get wire(): string {
    return Buffer.concat(this.received.map(({ bytes }) => bytes)).toString()
  }

  get isClosed(): boolean {
    return this.#inbox.closing.hasHappened
  }

  get isGone(): boolean {
    return this.#inbox.end.hasHappened
  }

  send(...pieces: readonly (Uint8Array | string | FrameInit)[]): void {
    const bytes = Buffer.concat(pieces.map((piece) => this.#bytesOf(piece)))
    const isText = pieces.every((piece) => typeof piece === 'string' || ('command' in piece && isTextual(piece)))
    this.#carrier.write(bytes, isText)
  }

  next(): Promise<Frame> {
    return this.#inbox.frames.take()
  }

  async nextHeartBeat(): Promise<void> {
    await this.#inbox.beats.take()
  }

  closed(): Promise<Closing> {
    return this.#inbox.closing.promise
  }

  gone(): Promise<void> {
    return this.#inbox.end.promise
  }

  setStalled(isStalled: boolean): void {
    this.#carrier.setStalled(isStalled)
  }

  end(): void {
    this.#carrier.end()
  }

  leave(): void {
    this.#carrier.leave()
  }

  reset(): void {
    this.#carrier.reset()
  }

  #bytesOf(piece: Uint8Array | string | FrameInit): Uint8Array {
    if (typeof piece === 'string') return Buffer.from(piece)
    return piece instanceof Uint8Array ? piece : encode(piece, this.version)
  }
}

const isTextual = (frame: FrameInit): boolean => frame.body === undefined || typeof frame.body === 'string'
