import { Duplex } from 'node:stream'

/** What the two ends of a tunnel say to each other. */
export type TunnelWord =
  | { readonly word: 'data' }
  /** So many bytes more may be sent. */
  | { readonly word: 'credit'; readonly bytes: number }
  /** Nothing more comes from there; it still listens. */
  | { readonly word: 'end' }
  /** It is over, both ways. */
  | { readonly word: 'gone' }

/** What carries the words of one tunnel: in order, or not at all. */
export interface TunnelWire {
  say(word: TunnelWord, body?: Uint8Array): void
  /** This end is over: nothing is said any more. */
  closed(): void
}

/** How many bytes may be under way in one direction: what the other end has not taken counts. */
export const WINDOW_BYTES = 131_072
/** Greatest piece: any broker takes it in one message. */
const MAX_CHUNK_BYTES = 32_768
/** Credit is given back in parts of the window, not for each piece. */
const GRANT_BYTES = WINDOW_BYTES / 4

/**
 * A stream of bytes to another node, carried by messages of the broker. What is written is sent as far as the other end
 * has given credit, and the writer waits for the rest as with a socket; what was received and nobody reads holds the
 * other end's writer. So each end keeps at most one window of the other's bytes.
 */
export class Tunnel extends Duplex {
  readonly #wire: TunnelWire
  #credit: number = WINDOW_BYTES
  /** Received, and not granted again. */
  #owed = 0
  #rest: Uint8Array = new Uint8Array()
  #written: (() => void) | undefined
  #hasEnded = false
  #isOver = false

  constructor(wire: TunnelWire) {
    super({ highWaterMark: WINDOW_BYTES / 2 })
    this.#wire = wire
    // `close` follows; an error between two owners would end the process.
    this.on('error', () => {})
  }

  /** Takes what the other end has said. */
  receive(word: TunnelWord, body: Uint8Array): void {
    if (this.#isOver) return
    switch (word.word) {
      case 'data':
        this.#owed += body.length
        if (this.#owed > WINDOW_BYTES)
          return void this.destroy(new Error('the other node sent more than it was given credit for'))
        this.push(body)
        return this.#grant()
      case 'credit':
        this.#credit += word.bytes
        return this.#flow()
      case 'end':
        this.#hasEnded = true
        this.push(null)
        return
      case 'gone':
        // What it said before its end is still read.
        if (this.#hasEnded && this.writableFinished) this.#isOver = true
        else this.lose(new Error('the other node has ended the connection'))
    }
  }

  /** The other end is not there any more: it is told nothing. */
  lose(error: Error | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.destroy(error)
  }

  override _write(chunk: Uint8Array, _encoding: unknown, written: () => void): void {
    this.#send(chunk, written)
  }

  override _writev(chunks: { readonly chunk: Uint8Array }[], written: () => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), written)
  }

  override _final(written: () => void): void {
    if (!this.#isOver) this.#wire.say({ word: 'end' })
    written()
  }

  override _read(): void {
    this.#grant()
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    if (!this.#isOver) this.#wire.say({ word: 'gone' })
    this.#isOver = true
    this.#rest = new Uint8Array()
    this.#written = undefined
    this.#wire.closed()
    destroyed(error)
  }

  #send(bytes: Uint8Array, written: () => void): void {
    this.#rest = bytes
    this.#written = written
    this.#flow()
  }

  #flow(): void {
    while (this.#rest.length > 0 && this.#credit > 0 && !this.#isOver) {
      const chunk = this.#rest.subarray(0, Math.min(this.#credit, MAX_CHUNK_BYTES))
      this.#credit -= chunk.length
      this.#rest = this.#rest.subarray(chunk.length)
      this.#wire.say({ word: 'data' }, chunk)
    }
    if (this.#rest.length > 0) return
    const written = this.#written
    this.#written = undefined
    written?.()
  }

  /** What waits here to be read is not granted again. */
  #grant(): void {
    const bytes = this.#owed - this.readableLength
    if (bytes < GRANT_BYTES || this.#isOver) return
    this.#owed -= bytes
    this.#wire.say({ word: 'credit', bytes })
  }
}
