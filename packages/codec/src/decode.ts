import { decodeSingleBytes, decodeUtf8, encodeUtf8, indexOfOctet } from './bytes.js'
import type { Side } from './command.js'
import { ProtocolError } from './errors.js'
import { DecodedFrame, type Frame } from './frame.js'
import { HeaderScan } from './header-scan.js'
import { HeaderSection } from './header-section.js'
import { FlatHeaders } from './headers.js'
import { Input } from './input.js'
import { completeLimits, type Limits } from './limits.js'
import { CR, LF, NUL } from './octets.js'
import { findReceipt } from './receipt.js'
import { VERSION_RULES, type Version } from './version.js'

export interface DecoderOptions {
  /** @default '1.2' */
  readonly version?: Version
  /** Who sends the stream: the other side's commands are refused. @default both sides' commands are taken */
  readonly from?: Side
  /** @default DEFAULT_LIMITS, for each limit that is not given */
  readonly limits?: Partial<Limits>
  /**
   * For who reads what a broker passes on of senders that it does not know, and would be cut off by one bad header: in
   * header lines ill-formed UTF-8 becomes U+FFFD, an escape that is none stays as it is written, and a name may be empty.
   * @default false
   */
  readonly isLenient?: boolean
}

/**
 * Reads one stream. Push what arrives, then call `next()` until it returns undefined, or until you want to pause: what
 * is not asked for stays as it came. Where the stream is cut into chunks has no influence on what is read from it.
 */
export interface Decoder {
  /**
   * Says how headers are read. It governs the frame that the next call of `next()` returns, so it can be set as soon
   * as CONNECT (or CONNECTED) was read, even if the frames behind it came in the same chunk.
   */
  version: Version
  /** Bytes pushed that `next()` has not returned yet, those of an unfinished frame among them. 0 after an error. */
  readonly pendingBytes: number
  /** The last call of `next()` found a frame that is not complete: its sender should be given a deadline. */
  readonly isInsideFrame: boolean
  /** What ended the stream; `next()` throws it. */
  readonly error: ProtocolError | undefined
  /**
   * Takes in a chunk of any length; text as its UTF-8, each chunk by itself. Never throws for what is in it, and does
   * nothing after an error. The decoder and its frames keep views of `chunk`: do not change it afterwards.
   *
   * @throws TypeError when it is neither, as an ArrayBuffer
   */
  push(chunk: Uint8Array | string): void
  /**
   * The next frame; or `'heart-beat'` for one or more line ends outside of a frame; or undefined: push more.
   * Frames before a bad one are returned before the error is thrown.
   *
   * @throws ProtocolError for a bad frame. The decoder is dead then and throws the same error ever after.
   */
  next(): Frame | 'heart-beat' | undefined
}

export function createDecoder(options: DecoderOptions = {}): Decoder {
  return new StreamDecoder(options)
}

/** Shorter frames are turned into text as a whole, by one native call, and their headers read from it. */
const WHOLE_LENGTH = 8192

class StreamDecoder implements Decoder {
  version: Version
  readonly #limits: Limits
  readonly #wholeLength: number
  readonly #input = new Input()
  readonly #section: HeaderSection
  /** Of the unfinished frame, if it is looked at so. */
  #scan: HeaderScan | undefined = undefined
  #error: ProtocolError | undefined = undefined

  // The unfinished frame. Positions count from its first byte, because it may move in memory between two calls.
  #stage: 'between' | 'head' | 'body' = 'between'
  /** Where the body begins, and where it ends if content-length said so: else -1, and no NUL is before `#searched`. */
  #bodyFrom = 0
  #bodyTo = -1
  #searched = 0
  /** With no more bytes than this there is nothing to be found. */
  #tooFew = 0

  constructor({ version = '1.2', from, limits, isLenient = false }: DecoderOptions) {
    this.version = version
    this.#limits = completeLimits(limits)
    const { maxHeaders, maxHeaderLineBytes, maxHeaderBytes } = this.#limits
    // Nothing this short can break a limit on length.
    this.#wholeLength = Math.min(WHOLE_LENGTH, maxHeaderLineBytes, maxHeaderBytes)
    this.#section = new HeaderSection(maxHeaders, from, isLenient)
  }

  get pendingBytes(): number {
    return this.#input.end - this.#input.start
  }

  get isInsideFrame(): boolean {
    return this.#stage !== 'between'
  }

  get error(): ProtocolError | undefined {
    return this.#error
  }

  push(chunk: Uint8Array | string): void {
    if (this.#error !== undefined) return
    if (typeof chunk === 'string') return this.#input.push(encodeUtf8(chunk))
    // An ArrayBuffer, as WebSocket gives it out under the type `any`, would be taken for an empty chunk. To ask for the
    // size of elements takes as long as taking in a byte; it is for the arrays of other realms.
    const kind: { readonly BYTES_PER_ELEMENT: number } = chunk
    if (!(chunk instanceof Uint8Array) && kind.BYTES_PER_ELEMENT !== 1) {
      throw new TypeError('push takes a string or a Uint8Array')
    }
    this.#input.push(chunk)
  }

  next(): Frame | 'heart-beat' | undefined {
    if (this.#error !== undefined) throw this.#error
    const input = this.#input
    const { start, end } = input
    if (end - start <= this.#tooFew) return undefined
    try {
      if (this.#stage === 'between' && (input.bytes[start] ?? NUL) <= CR) {
        if (this.#skip()) return 'heart-beat'
        if (input.start === input.end) return undefined
        // The LF may be in the next chunk.
        if (input.bytes[input.start] === CR && input.start + 1 === input.end) return undefined
      }
      return this.#stage === 'body' ? this.#readBody() : this.#readHead()
    } catch (thrown) {
      throw thrown instanceof ProtocolError ? this.#die(thrown) : thrown
    }
  }

  /** Passes over line ends and stray NULs between frames; returns whether there was a line end. */
  #skip(): boolean {
    const { bytes, end } = this.#input
    let at = this.#input.start
    let hasLineEnd = false
    for (; at < end; at++) {
      const octet = bytes[at]
      if (octet === LF) hasLineEnd = true
      else if (octet !== NUL && !(octet === CR && at + 1 < end && bytes[at + 1] === LF)) break
    }
    this.#input.consume(at)
    return hasLineEnd
  }

  #readHead(): Frame | undefined {
    const { bytes, start, end } = this.#input
    if (this.#stage === 'between') {
      // Most frames are short and whole.
      const nul = indexOfOctet(bytes, NUL, start, Math.min(end, start + this.#wholeLength + 1))
      if (nul >= 0) return this.#readSection(nul, nul)
      this.#stage = 'head'
    }
    this.#scan ??= new HeaderScan(this.#limits, this.#section)
    const length = this.#scan.findEnd(bytes, start, end, this.version)
    if (length < 0) return undefined
    const to = start + length
    return this.#readSection(to, to < end && bytes[to] === NUL ? to : -1)
  }

  /**
   * Reads command and headers, and the body if it is there.
   *
   * @param to where the text ends that holds the header section
   * @param nul the first NUL of the frame; -1 when it is not known
   */
  #readSection(to: number, nul: number): Frame | undefined {
    const { bytes, start, end } = this.#input
    const section = this.#section
    const text = decodeUtf8(bytes, start, to)
    // As many characters as bytes: all ASCII, unless there were single bad bytes, each of which became one U+FFFD.
    const isAscii = text.length === to - start && !text.includes('\ufffd')
    const single = isAscii ? text : decodeSingleBytes(bytes, start, to)
    const length = section.read(single, this.version, bytes, start, isAscii)

    const bodyFrom = start + length
    const bodyLength = section.contentLength
    if (bodyLength < 0) {
      if (nul < 0) return this.#startBody(length, -1)
      this.#checkBody(nul - bodyFrom, length)
      return this.#finish(bodyFrom, nul, isAscii && to === nul ? text.slice(length) : undefined)
    }
    this.#checkBody(bodyLength, length)
    const bodyTo = bodyFrom + bodyLength
    if (bodyTo >= end) return this.#startBody(length, length + bodyLength)
    this.#checkTerminator(bodyTo)
    return this.#finish(bodyFrom, bodyTo, isAscii && to === bodyTo ? text.slice(length) : undefined)
  }

  #startBody(from: number, to: number): Frame | undefined {
    this.#stage = 'body'
    this.#bodyFrom = this.#searched = from
    this.#bodyTo = to
    if (to >= 0) this.#tooFew = to
    return this.#readBody()
  }

  #readBody(): Frame | undefined {
    const { bytes, start, end } = this.#input
    const bodyFrom = start + this.#bodyFrom
    if (this.#bodyTo >= 0) {
      const bodyTo = start + this.#bodyTo
      if (bodyTo >= end) return undefined
      this.#checkTerminator(bodyTo)
      return this.#finish(bodyFrom, bodyTo, undefined)
    }
    // One byte more than is allowed is enough to know.
    const reach = Math.min(end, bodyFrom + this.#limits.maxBodyBytes + 1)
    const nul = indexOfOctet(bytes, NUL, start + this.#searched, reach)
    this.#checkBody((nul < 0 ? reach : nul) - bodyFrom, this.#bodyFrom)
    if (nul >= 0) return this.#finish(bodyFrom, nul, undefined)
    this.#searched = reach - start
    return undefined
  }

  /** @param at where the body begins, from the first byte of the frame */
  #checkBody(length: number, at: number): void {
    if (length === 0) return
    const { command, hasBody, isConnecting, sender } = this.#section.traits
    const isIdle = VERSION_RULES[this.version].hasIdleBodies && !(isConnecting && sender === 'client')
    if (!hasBody && !isIdle)
      throw new ProtocolError(
        'STOMP_ERR_BODY_NOT_ALLOWED',
        `only SEND, MESSAGE and ERROR have a body, not ${command}`,
        at,
      )
    const { maxBodyBytes } = this.#limits
    if (length > maxBodyBytes)
      throw new ProtocolError('STOMP_ERR_BODY_TOO_LARGE', `a body over ${maxBodyBytes} bytes`, at)
  }

  #checkTerminator(bodyTo: number): void {
    const { bytes, start } = this.#input
    if (bytes[bodyTo] === NUL) return
    throw new ProtocolError(
      'STOMP_ERR_BODY_NOT_TERMINATED',
      'no NUL where content-length says the body ends',
      bodyTo - start,
    )
  }

  /** @param text the body's, if it is at hand */
  #finish(bodyFrom: number, bodyTo: number, text: string | undefined): Frame {
    const section = this.#section
    const { bytes } = this.#input
    const headers = new FlatHeaders(section.flat)
    const frame = new DecodedFrame(section.traits.command, headers, bytes, bodyFrom, bodyTo, text)
    section.release()
    this.#input.consume(bodyTo + 1)
    if (this.#stage !== 'between') {
      this.#stage = 'between'
      this.#tooFew = 0
      this.#scan = undefined
    }
    return frame
  }

  /** Of what is wrong with a frame, counted from its first byte, makes what is wrong with the stream. */
  #die({ code, message, offset }: ProtocolError): ProtocolError {
    const { bytes, start, end, origin } = this.#input
    const to = Math.min(end, start + this.#limits.maxHeaderBytes + 16)
    const receipt = findReceipt(bytes, start, to, this.version)
    this.#error = new ProtocolError(code, message, origin + start + offset, receipt)
    this.#stage = 'between'
    this.#scan = undefined
    this.#section.release()
    this.#input.clear()
    return this.#error
  }
}
