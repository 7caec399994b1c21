import { isUtf8 } from 'node:buffer'
import { encode, type FrameInit, HEART_BEAT, type Version } from '@hoofbeat/codec'
import { type DownForm, encodeChunk, encodeEvent } from '@hoofbeat/sse'
import { encodeJsonString, encodeSockJsFrame, joinMessages, type SockJsForm } from './sockjs-frames.js'

/**
 * How bytes lie on the wire: whole WebSocket frames; the bare bytes of a STOMP stream (TCP); what links take; a JSON
 * string, of which SockJS frames are made, and these themselves. On a link's WebSocket (`link`) they are those of a plain
 * one, save for raw messages that begin with the mark of control messages: no STOMP frame does.
 */
export type WireForm = 'websocket' | 'stream' | DownForm | 'json' | SockJsForm

/**
 * One encoded frame, ready for every carrier: its payload once, and for each form the bytes as they go on the wire,
 * made when first asked for and then shared by all connections.
 */
export interface WireFrame {
  /** Bytes of the STOMP frame, without what the carrier adds. */
  readonly byteLength: number
  /** What it counts against the bounds of an outbox: its bytes, and for messages that may be empty something for itself. */
  readonly weight: number
  /** True if the whole frame is valid UTF-8: it then travels as a WebSocket text message, otherwise as a binary one. */
  readonly isText: boolean
  /** The bytes for a carrier. Shared: do not change them. */
  bytes(form: WireForm): Uint8Array
  /** How many those are. */
  size(form: WireForm): number
  /** Writes them into `target` at `at`, where there is room for them; returns where they end. */
  write(target: Buffer, at: number, form: WireForm): number
}

/** With this character the control messages of links begin (PROTOCOL.md of `@hoofbeat/sse`, section 6). */
const LINK_MARK = 1

/** Text of a frame, and how many bytes it takes in UTF-8. */
export interface WireText {
  readonly text: string
  readonly byteLength: number
}

/** Measures a text. */
export function createWireText(text: string): WireText {
  return { text, byteLength: Buffer.byteLength(text) }
}

/** Encodes a frame that the server itself speaks (CONNECTED, RECEIPT, ERROR). Throws the codec's ProtocolError. */
export function createWireFrame(frame: FrameInit, version: Version): WireFrame {
  const isText = frame.body === undefined || typeof frame.body === 'string' || isUtf8(frame.body)
  return new ReadyFrame(encode(frame, version), isText)
}

/** A frame that is encoded already. */
export function readyWireFrame(bytes: Uint8Array, isText: boolean): WireFrame {
  return new ReadyFrame(bytes, isText)
}

/** A message that is no STOMP: text, made well-formed, or a copy of bytes. */
export function createRawFrame(data: string | Uint8Array): WireFrame {
  if (typeof data !== 'string') return new RawFrame(Buffer.from(data), false)
  const payload = Buffer.from(data, 'utf8')
  return payload[0] === LINK_MARK ? new MarkedFrame(payload) : new RawFrame(payload, true)
}

/**
 * A frame whose `head` is its own, while `tail` (up to the empty line) and body are shared with others. Nothing is
 * copied before it lies where it is written from.
 */
export function createTailedFrame(head: WireText, tail: WireText, body: Uint8Array, isText: boolean): WireFrame {
  return new TailedFrame(head, tail, body, isText)
}

abstract class EncodedFrame implements WireFrame {
  readonly byteLength: number
  readonly isText: boolean
  #websocket: Uint8Array | undefined
  #stream: Uint8Array | undefined
  #event: Uint8Array | undefined
  #chunk: Uint8Array | undefined
  /** The forms that few ask for. */
  #others: Map<WireForm, Uint8Array> | undefined

  constructor(byteLength: number, isText: boolean) {
    this.byteLength = byteLength
    this.isText = isText
  }

  get weight(): number {
    return this.byteLength
  }

  bytes(form: WireForm): Uint8Array {
    switch (form) {
      case 'websocket':
      case 'link':
        this.#websocket ??= this.#written('websocket')
        return this.#websocket
      case 'stream':
        this.#stream ??= this.#written('stream')
        return this.#stream
      case 'event':
        this.#event ??= encodeEvent(this.bytes('stream'), this.isText)
        return this.#event
      case 'chunk':
        this.#chunk ??= encodeChunk(this.bytes('event'))
        return this.#chunk
      default:
        return this.#other(form)
    }
  }

  #other(form: 'json' | SockJsForm): Uint8Array {
    this.#others ??= new Map()
    const known = this.#others.get(form)
    if (known !== undefined) return known
    const bytes =
      form === 'json'
        ? encodeJsonString(this.bytes('stream'))
        : encodeSockJsFrame(joinMessages([this.bytes('json')]), form)
    this.#others.set(form, bytes)
    return bytes
  }

  size(form: WireForm): number {
    switch (form) {
      case 'websocket':
      case 'link':
        return webSocketHeadBytes(this.byteLength) + this.byteLength
      case 'stream':
        return this.byteLength
      default:
        return this.bytes(form).length
    }
  }

  write(target: Buffer, at: number, form: WireForm): number {
    if (form !== 'websocket' && form !== 'stream' && form !== 'link') return copy(this.bytes(form), target, at)
    const isFramed = form !== 'stream'
    const written = isFramed ? this.#websocket : this.#stream
    if (written !== undefined) return copy(written, target, at)
    const from = isFramed ? writeWebSocketHead(target, at, this.byteLength, this.isText) : at
    this.writePayload(target, from)
    return from + this.byteLength
  }

  protected abstract writePayload(target: Buffer, at: number): void

  #written(form: 'websocket' | 'stream'): Uint8Array {
    const bytes = Buffer.allocUnsafe(this.size(form))
    this.write(bytes, 0, form)
    return bytes
  }
}

class ReadyFrame extends EncodedFrame {
  readonly #payload: Uint8Array

  constructor(payload: Uint8Array, isText: boolean) {
    super(payload.length, isText)
    this.#payload = payload
  }

  protected override writePayload(target: Buffer, at: number): void {
    target.set(this.#payload, at)
  }
}

/** About what a waiting frame takes in memory beside its payload, in bytes. No STOMP frame is so small that it matters. */
const RAW_FRAME_BYTES = 64

/** A message that is no STOMP, and may be as small as nothing. */
class RawFrame extends ReadyFrame {
  override get weight(): number {
    return this.byteLength + RAW_FRAME_BYTES
  }
}

/** Text that begins as control messages of links do: on a link's WebSocket it carries the mark once more. */
class MarkedFrame extends RawFrame {
  readonly #link: WireFrame

  constructor(payload: Uint8Array) {
    super(payload, true)
    this.#link = new ReadyFrame(Buffer.concat([Uint8Array.of(LINK_MARK), payload]), true)
  }

  override bytes(form: WireForm): Uint8Array {
    return form === 'link' ? this.#link.bytes('websocket') : super.bytes(form)
  }

  override size(form: WireForm): number {
    return form === 'link' ? this.#link.size('websocket') : super.size(form)
  }

  override write(target: Buffer, at: number, form: WireForm): number {
    return form === 'link' ? this.#link.write(target, at, 'websocket') : super.write(target, at, form)
  }
}

class TailedFrame extends EncodedFrame {
  readonly #head: WireText
  readonly #tail: WireText
  readonly #body: Uint8Array

  constructor(head: WireText, tail: WireText, body: Uint8Array, isText: boolean) {
    super(head.byteLength + tail.byteLength + body.length + 1, isText)
    this.#head = head
    this.#tail = tail
    this.#body = body
  }

  protected override writePayload(target: Buffer, at: number): void {
    const head = this.#head
    const tail = this.#tail
    const tailFrom = at + head.byteLength
    const bodyFrom = tailFrom + tail.byteLength
    writeText(target, head, at)
    writeText(target, tail, tailFrom)
    target.set(this.#body, bodyFrom)
    target[bodyFrom + this.#body.length] = 0
  }
}

/** Returns where the copy ends. */
function copy(bytes: Uint8Array, target: Buffer, at: number): number {
  target.set(bytes, at)
  return at + bytes.length
}

/** Text that is as long as its bytes is ASCII, which is written faster. */
function writeText(target: Buffer, { text, byteLength }: WireText, at: number): void {
  target.write(text, at, byteLength, text.length === byteLength ? 'latin1' : 'utf8')
}

// RFC 6455, section 5.2: a server's data frame in one piece: FIN and opcode, then 7, 16 or 64 bits of length, unmasked.
function webSocketHeadBytes(byteLength: number): number {
  if (byteLength < 126) return 2
  return byteLength < 65_536 ? 4 : 10
}

/** Returns where the payload begins. */
function writeWebSocketHead(target: Buffer, at: number, byteLength: number, isText: boolean): number {
  target[at] = isText ? 0x81 : 0x82
  if (byteLength < 126) {
    target[at + 1] = byteLength
    return at + 2
  }
  if (byteLength < 65_536) {
    target[at + 1] = 126
    target[at + 2] = byteLength >>> 8
    target[at + 3] = byteLength
    return at + 4
  }
  target[at + 1] = 127
  target.writeBigUInt64BE(BigInt(byteLength), at + 2)
  return at + 10
}

/** The heart-beat: one LF. */
export const HEART_BEAT_FRAME: WireFrame = new ReadyFrame(HEART_BEAT, true)
