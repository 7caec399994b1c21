import { decodeUtf8 } from './bytes.js'
import type { Command } from './command.js'
import type { Headers, HeadersInit } from './headers.js'

/** A frame as it was read. It is a {@link FrameInit} too: it can be written again as it is. */
export interface Frame {
  readonly command: Command
  readonly headers: Headers
  /**
   * The body; empty when there is none. It is a view of memory that the decoder took in, often a whole chunk or a
   * whole buffer of 1 KiB and more: that memory is never written again, and lives as long as the view. To keep a small
   * body for long, keep `body.slice()`, which is a copy.
   */
  readonly body: Uint8Array
  /** The body as UTF-8 text, decoded when first asked for; what is ill-formed becomes U+FFFD, a BOM is kept. */
  readonly text: string
}

/** A frame to be written. */
export interface FrameInit {
  readonly command: Command
  /** In the order in which they are to be written. A `content-length` among them is left out: the true one is written. */
  readonly headers?: HeadersInit
  /** Text is written as UTF-8, a lone surrogate in it as U+FFFD. */
  readonly body?: string | Uint8Array
}

/** A frame in the memory it was read from: neither body nor text exist before somebody asks. */
export class DecodedFrame implements Frame {
  readonly command: Command
  readonly headers: Headers
  readonly #bytes: Uint8Array
  readonly #from: number
  readonly #to: number
  #body: Uint8Array | undefined = undefined
  #text: string | undefined

  /** @param text the body's, if the decoder had it at hand */
  constructor(
    command: Command,
    headers: Headers,
    bytes: Uint8Array,
    from: number,
    to: number,
    text: string | undefined,
  ) {
    this.command = command
    this.headers = headers
    this.#bytes = bytes
    this.#from = from
    this.#to = to
    this.#text = text
  }

  get body(): Uint8Array {
    const bytes = this.#bytes
    // Not subarray: of a Buffer that is a Buffer, whose slice() does not copy.
    this.#body ??= new Uint8Array(bytes.buffer, bytes.byteOffset + this.#from, this.#to - this.#from)
    return this.#body
  }

  get text(): string {
    this.#text ??= decodeUtf8(this.#bytes, this.#from, this.#to)
    return this.#text
  }
}
