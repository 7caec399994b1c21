/**
 * ASCII as numbers, eight characters to one: written and compared so, it costs a fraction of what text costs. Of eight
 * bytes of ASCII none make a NaN or a zero, so the numbers are equal if the bytes are.
 */
import { SPACE } from './octets.js'

/** Text that is written, or looked for, often. */
export interface Octets {
  readonly text: string
  readonly length: number
  /** The last one ends with spaces. */
  readonly words: readonly number[]
  /** The last eight characters, where there are as many: they overlap the last whole word. */
  readonly tail: number
}

/** @param text ASCII */
export function octetsOf(text: string): Octets {
  const { length } = text
  const view = new DataView(new ArrayBuffer(length + 7))
  const words: number[] = []
  for (let i = 0; i < length + 7; i++) view.setUint8(i, i < length ? text.charCodeAt(i) : SPACE)
  for (let i = 0; i < length; i += 8) words.push(view.getFloat64(i, true))
  return { text, length, words, tail: length < 8 ? 0 : view.getFloat64(length - 8, true) }
}

/** More names are not remembered: the memory stays small whatever is written. */
const KNOWN_PREFIXES = 256
const knownPrefixes = new Map<string, Octets>()

/** What a header line begins with: its name with the colon. The same names come on every stream, so they share it. */
export function prefixOctetsOf(prefix: string): Octets {
  let octets = knownPrefixes.get(prefix)
  if (octets !== undefined) return octets
  octets = octetsOf(prefix)
  if (knownPrefixes.size === KNOWN_PREFIXES) knownPrefixes.clear()
  knownPrefixes.set(prefix, octets)
  return octets
}

/** Returns where the text ends. Up to seven bytes behind it change. */
export function writeOctets({ length, words }: Octets, into: DataView, at: number): number {
  for (let i = 0; i < words.length; i++) into.setFloat64(at + 8 * i, words[i] ?? 0, true)
  return at + length
}

/** Whether the text stands at `at`, where there has to be room for it. */
export function isAt({ text, length, words, tail }: Octets, view: DataView, at: number): boolean {
  if (length < 8) {
    for (let i = 0; i < length; i++) if (view.getUint8(at + i) !== text.charCodeAt(i)) return false
    return true
  }
  // The end changes sooner than the beginning.
  if (view.getFloat64(at + length - 8, true) !== tail) return false
  for (let i = 0; i < length >> 3; i++) if (view.getFloat64(at + 8 * i, true) !== words[i]) return false
  return true
}

/** Node's own pool of small buffers is to be among what is kept: 64 KiB and a little, in the newest. */
const LARGEST_KEPT = 131072
let view: DataView = new DataView(new ArrayBuffer(0))
let buffer: ArrayBufferLike = view.buffer

/**
 * All of the memory that holds `bytes`. Making a view is not cheap, and frames that come together lie in one memory: so
 * the last view is kept, one for all streams, unless it would hold much.
 */
export function viewOf(bytes: Uint8Array): DataView {
  if (bytes.buffer === buffer) return view
  const made = new DataView(bytes.buffer)
  if (made.byteLength > LARGEST_KEPT) return made
  buffer = bytes.buffer
  view = made
  return made
}
