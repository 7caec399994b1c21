// How a server cuts what it sends into messages: the head of the next one, from which follows where it ends.

/** A head: `opcode` as of WebSocket; then `headBytes`, `byteLength` of the payload, and `tailBytes` behind it. */

/** The head of the WebSocket frame at `at` (RFC 6455, section 5.2); undefined if it is not all there. */
export function headOfFrame(bytes, at, end) {
  if (end - at < 2) return
  const first = bytes[at]
  const length = bytes[at + 1]
  if ((first & 0xf0) !== 0x80 || length > 127) throw new Error('a frame in pieces, compressed, or masked')
  const opcode = first & 0x0f
  if (length < 126) return { opcode, headBytes: 2, byteLength: length, tailBytes: 0 }
  const headBytes = length === 126 ? 4 : 10
  if (end - at < headBytes) return
  const byteLength = length === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
  return { opcode, headBytes, byteLength, tailBytes: 0 }
}

const CR = 13
const MAX_DIGITS = 8

/**
 * The head of the chunk at `at` of an HTTP/1.1 body (RFC 9112, section 7.1), taken for a text message; undefined if it is
 * not all there. All servers measured here put one event into each chunk, which is checked before chunks are counted.
 */
export function headOfChunk(bytes, at, end) {
  let byteLength = 0
  for (let i = at; i < end; i++) {
    const byte = bytes[i]
    if (byte === CR) {
      if (byteLength === 0) throw new Error('the server has ended its stream')
      return i + 1 < end ? { opcode: 1, headBytes: i + 2 - at, byteLength, tailBytes: 2 } : undefined
    }
    const digit = byte < 0x3a ? byte - 0x30 : (byte | 0x20) - 0x57
    if (digit < 0 || digit > 15 || i - at >= MAX_DIGITS) throw new Error('not the head of a chunk')
    byteLength = byteLength * 16 + digit
  }
}
