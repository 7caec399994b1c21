// WebSocket frames of a client (RFC 6455, section 5.2): in one piece, masked as the standard asks.

const MASK = Buffer.from([0x5a, 0xc3, 0x17, 0x9e])
const DIGITS = 10

/** A whole masked frame. `opcode`: 1 text, 8 close, 10 pong. */
export function clientFrame(payload, opcode = 1) {
  const bytes = Buffer.from(payload)
  const headBytes = bytes.length < 126 ? 2 : bytes.length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headBytes + 4 + bytes.length)
  frame[0] = 0x80 | opcode
  if (headBytes === 2) frame[1] = 0x80 | bytes.length
  else if (headBytes === 4) {
    frame[1] = 0xfe
    frame.writeUInt16BE(bytes.length, 2)
  } else {
    frame[1] = 0xff
    frame.writeBigUInt64BE(BigInt(bytes.length), 2)
  }
  MASK.copy(frame, headBytes)
  for (let i = 0; i < bytes.length; i++) frame[headBytes + 4 + i] = bytes[i] ^ MASK[i & 3]
  return frame
}

/** The body of message `number`: it begins with its number, so that no two are equal, and is `byteLength` long. */
export function bodyOf(number, byteLength) {
  const digits = String(number).padStart(DIGITS, '0')
  return `${digits} ${'The quick brown fox jumps over the lazy dog. '.repeat(1 + byteLength / 45)}`.slice(0, byteLength)
}

/**
 * One publication that is sent again and again, each time with another number: only its digits are written anew, so
 * that the publisher costs next to nothing.
 */
export class Publication {
  #frame
  #digitsAt
  #isMasked

  /** `payload` holds the body of message 0; `isMasked`: for a WebSocket, else for a bare stream. */
  constructor(payload, isMasked) {
    const bytes = Buffer.from(payload)
    this.#isMasked = isMasked
    this.#frame = isMasked ? clientFrame(bytes) : bytes
    this.#digitsAt = this.#frame.length - bytes.length + bytes.indexOf('0'.repeat(DIGITS))
    this.payloadAt = this.#frame.length - bytes.length
  }

  /** The frame of message `number`: a copy, since the socket may hold it for a while. */
  frame(number) {
    const frame = Buffer.allocUnsafe(this.#frame.length)
    this.#frame.copy(frame)
    let rest = number
    for (let i = DIGITS - 1; i >= 0; i--) {
      const at = this.#digitsAt + i
      const digit = 0x30 + (rest % 10)
      frame[at] = this.#isMasked ? digit ^ MASK[(at - this.payloadAt) & 3] : digit
      rest = Math.floor(rest / 10)
    }
    return frame
  }
}
