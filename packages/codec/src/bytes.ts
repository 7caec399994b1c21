/**
 * Between bytes and text: the only file that knows two ways. Where there is a `Buffer` (Node, Bun, Deno) its native
 * methods are taken; a browser has TextEncoder and TextDecoder. The choice is made once, when the module is loaded.
 */

// Through globalThis: bundlers that see the bare name would add a Buffer of their own to a browser's bundle.
const NodeBuffer = globalThis.Buffer

// `ignoreBOM` keeps a byte order mark as the character that it is; without it the decoder would swallow it.
const lossyUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const strictUtf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })
// Really windows-1252: one character for each byte, ASCII for ASCII, which is all that is asked of it.
const singleByte = new TextDecoder('latin1')
const encoder = new TextEncoder()

// Short texts are encoded one behind the other into one block: a block for each costs several times as much.
export const BLOCK_SIZE = 16384
export let block: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(0))
// A DataView gives its own buffer and offset only by a call each.
let { buffer, byteOffset } = block
let blockUsed = BLOCK_SIZE

/** The same memory, as the kind of array that is fastest to read here. */
export function adopt(bytes: Uint8Array): Uint8Array {
  if (NodeBuffer === undefined || bytes instanceof NodeBuffer) return bytes
  return NodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Memory with anything in it. */
export function allocate(size: number): Uint8Array<ArrayBuffer> {
  return NodeBuffer === undefined ? new Uint8Array(size) : NodeBuffer.allocUnsafe(size)
}

/** Index of the first `octet` from `from` to before `to`; -1 when there is none. */
export function indexOfOctet(bytes: Uint8Array, octet: number, from: number, to: number): number {
  // A native call costs more than a look at a few bytes.
  if (to - from < 24) {
    for (let i = from; i < to; i++) if (bytes[i] === octet) return i
    return -1
  }
  // A search that runs a little too far costs less than a view that ends at `to`.
  if (bytes.length - to < 4096) {
    const at = bytes.indexOf(octet, from)
    return at < to ? at : -1
  }
  const at = bytes.subarray(from, to).indexOf(octet)
  return at < 0 ? -1 : from + at
}

/** UTF-8 to text; what is ill-formed becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array, from: number, to: number): string {
  if (isNative(bytes)) {
    // What toString() calls in the end: of a short frame the way there would cost a sixth of all.
    return bytes.utf8Slice?.(from, to) ?? bytes.toString('utf8', from, to)
  }
  return lossyUtf8.decode(bytes.subarray(from, to))
}

/** UTF-8 to text, or undefined when it is ill-formed. */
export function decodeStrictUtf8(bytes: Uint8Array, from: number, to: number): string | undefined {
  try {
    return strictUtf8.decode(bytes.subarray(from, to))
  } catch {
    return undefined
  }
}

/** One character for each byte, ASCII for ASCII: positions in the text are positions in the bytes. */
export function decodeSingleBytes(bytes: Uint8Array, from: number, to: number): string {
  return singleByte.decode(bytes.subarray(from, to))
}

/** Text to UTF-8; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  // A character of a JavaScript string takes at most three bytes.
  const most = text.length * 3
  const from = reserve(most)
  if (from < 0) return encoder.encode(text)
  return take(from, from + writeBlock(text, from))
}

/** Room for at most `most` bytes in `block`, from the returned index on; -1 where that is too much. */
export function reserve(most: number): number {
  if (most > BLOCK_SIZE) return -1
  if (blockUsed + most > BLOCK_SIZE) {
    ;({ buffer, byteOffset } = allocate(BLOCK_SIZE))
    block = new DataView(buffer, byteOffset, BLOCK_SIZE)
    blockUsed = 0
  }
  return blockUsed
}

/** What was written in the room that `reserve` gave last. */
export function take(from: number, to: number): Uint8Array<ArrayBuffer> {
  blockUsed = to
  return new Uint8Array(buffer, byteOffset + from, to - from)
}

/** Writes text to `block` as UTF-8, in room that was reserved; returns the number of bytes. */
export function writeBlock(text: string, at: number): number {
  return encoder.encodeInto(text, new Uint8Array(buffer, byteOffset + at, BLOCK_SIZE - at)).written
}

/** The length of `text` as UTF-8; where that is not to be had quickly, as if it were all ASCII. */
export function guessLength(text: string): number {
  return NodeBuffer === undefined ? text.length : NodeBuffer.byteLength(text)
}

/** The length of `text` as UTF-8. */
export function lengthOf(text: string): number {
  return NodeBuffer === undefined ? encodeUtf8(text).length : NodeBuffer.byteLength(text)
}

/** Writes `text` at `at` if its guessed length was true; returns whether it was. */
export function writeGuessed(text: string, into: Uint8Array, at: number, length: number): boolean {
  // Of two native passes the sum costs less than one that has to look out for characters that are not ASCII.
  if (isNative(into)) return into.write(text, at, length, length === text.length ? 'latin1' : 'utf8') === length
  const { read, written } = encoder.encodeInto(text, into.subarray(at, at + length))
  return read === text.length && written === length
}

/** What a Buffer has beyond a Uint8Array; the optional one is not in the documentation of Node. */
interface Native extends Uint8Array {
  utf8Slice?(from: number, to: number): string
  write(text: string, at: number, length: number, encoding: 'latin1' | 'utf8'): number
  toString(encoding?: 'utf8', from?: number, to?: number): string
}

function isNative(bytes: Uint8Array): bytes is Native {
  return NodeBuffer !== undefined && bytes instanceof NodeBuffer
}
