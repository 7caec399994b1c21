import { isUtf8 } from 'node:buffer'
import { encode, type FrameInit, HEART_BEAT, type Version } from '@hoofbeat/codec'

/** How bytes lie on the wire: whole WebSocket frames, or the bare bytes of a STOMP stream (TCP). */
export type WireForm = 'websocket' | 'stream'

/**
 * One encoded frame, ready for every carrier: its payload once, and for each form the bytes as they go on the wire,
 * made when first asked for and then shared by all connections.
 */
export interface WireFrame {
  /** Bytes of the STOMP frame, without what the carrier adds. */
  readonly byteLength: number
  /** True if the whole frame is valid UTF-8: it then travels as a WebSocket text message, otherwise as a binary one. */
  readonly isText: boolean
  /** The bytes for a carrier. Shared: do not change them. */
  bytes(form: WireForm): Uint8Array
}

/** Encodes a frame that the server itself speaks (CONNECTED, RECEIPT, ERROR). Throws the codec's ProtocolError. */
export function createWireFrame(frame: FrameInit, version: Version): WireFrame {
  const isText = frame.body === undefined || typeof frame.body === 'string' || isUtf8(frame.body)
  return new EncodedFrame([encode(frame, version)], isText)
}

/** Joins ready pieces of one frame; they are copied when the bytes are first asked for. */
export function joinWireFrame(pieces: readonly Uint8Array[], isText: boolean): WireFrame {
  return new EncodedFrame(pieces, isText)
}

class EncodedFrame implements WireFrame {
  readonly byteLength: number
  readonly isText: boolean
  readonly #pieces: readonly Uint8Array[]
  #websocket: Uint8Array | undefined
  #stream: Uint8Array | undefined

  constructor(pieces: readonly Uint8Array[], isText: boolean) {
    this.#pieces = pieces
    this.isText = isText
    let byteLength = 0
    for (const piece of pieces) byteLength += piece.length
    this.byteLength = byteLength
  }

  bytes(form: WireForm): Uint8Array {
    if (form === 'websocket') {
      this.#websocket ??= this.#write(webSocketHeadBytes(this.byteLength), true)
      return this.#websocket
    }
    this.#stream ??= this.#write(0, false)
    return this.#stream
  }

  #write(headBytes: number, isWebSocket: boolean): Uint8Array {
    const bytes = Buffer.allocUnsafe(headBytes + this.byteLength)
    if (isWebSocket) writeWebSocketHead(bytes, this.byteLength, this.isText)
    let at = headBytes
    for (const piece of this.#pieces) {
      bytes.set(piece, at)
      at += piece.length
    }
    return bytes
  }
}

// RFC 6455, section 5.2: a server's data frame in one piece: FIN and opcode, then 7, 16 or 64 bits of length, unmasked.
function webSocketHeadBytes(byteLength: number): number {
  if (byteLength < 126) return 2
  return byteLength < 65_536 ? 4 : 10
}

function writeWebSocketHead(bytes: Buffer, byteLength: number, isText: boolean): void {
  bytes[0] = isText ? 0x81 : 0x82
  if (byteLength < 126) {
    bytes[1] = byteLength
    return
  }
  if (byteLength < 65_536) {
    bytes[1] = 126
    bytes.writeUInt16BE(byteLength, 2)
    return
  }
  bytes[1] = 127
  bytes.writeBigUInt64BE(BigInt(byteLength), 2)
}

/** The heart-beat: one LF. */
export const HEART_BEAT_FRAME: WireFrame = new EncodedFrame([HEART_BEAT], true)
