import type { DownForm, DownMessage, DownTurn } from './down-turn.js'
import { encodeChunk, encodeEvent } from './event-bytes.js'

/** A turn of raw messages: strings are sent as text, made well-formed; bytes as binary. At least one. */
export function createDownTurn(messages: readonly (string | Uint8Array)[]): DownTurn {
  if (messages.length === 0) throw new RangeError('a turn holds at least one message')
  return new RawTurn(messages.map((message) => new RawMessage(message)))
}

/** One unmasked WebSocket message in one frame. Text that begins with U+0001 gets one more in front. */
export function encodeLinkFrame(payload: Uint8Array, isText: boolean): Uint8Array {
  const isMarked = isText && payload[0] === CONTROL_MARK_BYTE
  const length = payload.byteLength + (isMarked ? 1 : 0)
  const headLength = length < 126 ? 2 : length < 65536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headLength + length)
  frame[0] = isText ? 0x81 : 0x82
  if (headLength === 2) frame[1] = length
  else if (headLength === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeUInt32BE(Math.floor(length / 0x100000000), 2)
    frame.writeUInt32BE(length >>> 0, 6)
  }
  if (isMarked) frame[headLength] = CONTROL_MARK_BYTE
  frame.set(payload, headLength + (isMarked ? 1 : 0))
  return frame
}

const CONTROL_MARK_BYTE = 1

class RawMessage implements DownMessage {
  readonly byteLength: number
  readonly #payload: Uint8Array
  readonly #isText: boolean
  #link: Uint8Array | undefined
  #event: Uint8Array | undefined
  #chunk: Uint8Array | undefined

  constructor(data: string | Uint8Array) {
    this.#isText = typeof data === 'string'
    this.#payload = typeof data === 'string' ? Buffer.from(data, 'utf8') : data
    this.byteLength = this.#payload.byteLength
  }

  bytes(form: DownForm): Uint8Array {
    switch (form) {
      case 'link':
        this.#link ??= encodeLinkFrame(this.#payload, this.#isText)
        return this.#link
      case 'event':
        this.#event ??= encodeEvent(this.#payload, this.#isText)
        return this.#event
      case 'chunk':
        this.#chunk ??= encodeChunk(this.bytes('event'))
        return this.#chunk
      default:
        return form satisfies never
    }
  }
}

class RawTurn implements DownTurn {
  readonly count: number
  readonly byteLength: number
  readonly #messages: readonly DownMessage[]
  #link: Uint8Array | undefined
  #event: Uint8Array | undefined
  #chunk: Uint8Array | undefined

  constructor(messages: readonly DownMessage[]) {
    this.#messages = messages
    this.count = messages.length
    this.byteLength = messages.reduce((sum, message) => sum + message.byteLength, 0)
  }

  frames(): readonly DownMessage[] {
    return this.#messages
  }

  bytes(form: DownForm): Uint8Array {
    switch (form) {
      case 'link':
        this.#link ??= this.#join(form)
        return this.#link
      case 'event':
        this.#event ??= this.#join(form)
        return this.#event
      case 'chunk':
        this.#chunk ??= this.#join(form)
        return this.#chunk
      default:
        return form satisfies never
    }
  }

  #join(form: DownForm): Uint8Array {
    const [only] = this.#messages
    if (only !== undefined && this.count === 1) return only.bytes(form)
    return Buffer.concat(this.#messages.map((message) => message.bytes(form)))
  }
}
