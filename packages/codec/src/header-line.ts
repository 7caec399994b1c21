import { ProtocolError } from './errors.js'
import { escapeText, letterOf } from './escape.js'
import { BACKSLASH, COLON, CR, LF, NUL, trim } from './octets.js'
import type { HeaderRules } from './version.js'
import { type Octets, octetsOf, prefixOctetsOf, writeOctets } from './words.js'

// What has to be looked at: colon, backslash, and control characters up to CR.
const SPECIAL = /[\0-\r:\\]/

/** More names are not remembered: the memory stays small whatever is written. */
const REMEMBERED_NAMES = 256
/** Nor are texts that are longer, or not ASCII. */
const REMEMBERED_TEXT = /^[\x01-\x7f]{1,64}$/

/** Frames for which no value of a name is compared after one that did not come again: most of those never do. */
const REST = 16

/** What is known of a name. */
interface Remembered {
  readonly name: string
  /** What a line begins with. */
  readonly prefix: string
  /** The prefix; undefined where it is not remembered. */
  readonly octets: Octets | undefined
  /** A value that was seen, and the whole line with it once it came again. */
  value: string | undefined
  line: Octets | undefined
  /** Frames until a value is compared again. */
  rest: number
}

/**
 * Writes header lines by one set of rules. Frames resemble each other, so it remembers names, and values that stay the
 * same, which need no second look.
 */
export class HeaderLines {
  readonly #rules: HeaderRules
  readonly #known: Map<string, Remembered> = new Map()
  /** What was found for each place in the last frames. */
  readonly #places: Remembered[] = []

  constructor(rules: HeaderRules) {
    this.#rules = rules
  }

  /** All lines of a frame. A `content-length` is left out wherever it stands. */
  encodeAll(flat: readonly string[]): string {
    let lines = ''
    for (let i = 0; i < flat.length; i += 2) {
      const name = flat[i] ?? ''
      if (name !== 'content-length') lines += this.encode(name, flat[i + 1] ?? '')
    }
    return lines
  }

  /**
   * Writes all lines of a frame, without `content-length`, as bytes at once: where texts are short and differ from frame
   * to frame, joining them to one costs more than writing them.
   *
   * @param until where the lines have to end; up to seven bytes behind may change
   * @returns where they end; -1 where they are too long, not ASCII, or want a closer look: nothing is said of `into` then
   */
  write(flat: readonly string[], into: DataView, at: number, until: number): number {
    const { isEscaped, isReturnEscaped } = this.#rules
    if (!isEscaped) return -1
    const places = this.#places
    let end = at
    for (let i = 0; i < flat.length; i += 2) {
      const name = flat[i] ?? ''
      const value = flat[i + 1] ?? ''
      if (name === 'content-length') continue
      let known = places[i >> 1]
      if (known?.name !== name) known = this.#place(name, i >> 1)
      const { octets } = known
      const { length } = value
      if (octets === undefined || end + octets.length + 2 * length >= until) return -1
      if (known.rest > 0) known.rest--
      else if (known.value === value) {
        known.line ??= octetsOf(this.#encode(known, value))
        end = writeOctets(known.line, into, end)
        continue
      } else watch(known, value)
      end = writeOctets(octets, into, end)
      let k = 0
      for (; k + 3 < length; k += 4) {
        const four = fourPlain(value, k)
        if (four === 0) break
        into.setUint32(end, four, true)
        end += 4
      }
      for (; k < length; k++) {
        const code = value.charCodeAt(k)
        if (code > CR && code < 128 && code !== COLON && code !== BACKSLASH) {
          into.setUint8(end++, code)
          continue
        }
        if (code === NUL || code > 127) return -1
        const letter = letterOf(code, isReturnEscaped)
        if (letter > 0) into.setUint8(end++, BACKSLASH)
        into.setUint8(end++, letter > 0 ? letter : code)
      }
      into.setUint8(end++, LF)
    }
    return end
  }

  #place(name: string, index: number): Remembered {
    const known = this.#find(name)
    if (index < REMEMBERED_NAMES && known.octets !== undefined) this.#places[index] = known
    return known
  }

  /** @throws ProtocolError `STOMP_ERR_UNWRITABLE_HEADER` */
  encode(name: string, value: string): string {
    // In CONNECT and in STOMP 1.0 more is to be looked at than what an escape could mend.
    if (!this.#rules.isEscaped) return encodeUnescaped(name, value, this.#rules)
    return this.#encode(this.#find(name), value)
  }

  #encode({ name, prefix }: Remembered, value: string): string {
    return `${prefix}${SPECIAL.test(value) ? this.#escape(name, value) : value}\n`
  }

  #find(name: string): Remembered {
    let known = this.#known.get(name)
    if (known !== undefined) return known
    if (name === '') throw unwritable(name, IS_EMPTY)
    const prefix = `${this.#escape(name, name)}:`
    const octets = REMEMBERED_TEXT.test(name) ? prefixOctetsOf(prefix) : undefined
    known = { name, prefix, octets, value: undefined, line: undefined, rest: 0 }
    if (octets === undefined) return known
    if (this.#known.size === REMEMBERED_NAMES) this.#known.clear()
    this.#known.set(name, known)
    return known
  }

  #escape(name: string, text: string): string {
    if (text.includes('\0')) throw unwritable(name, HAS_NUL)
    return escapeText(text, this.#rules)
  }
}

/** Four characters as bytes of one number; 0 if one of them wants a closer look. */
function fourPlain(text: string, at: number): number {
  const first = text.charCodeAt(at)
  const second = text.charCodeAt(at + 1)
  const third = text.charCodeAt(at + 2)
  const fourth = text.charCodeAt(at + 3)
  const four = first | (second << 8) | (third << 16) | (fourth << 24)
  if ((first | second | third | fourth) > 127) return 0
  // Each is below 128, so a subtraction sets the high bit, and borrows from the next byte, only where one is found.
  const found =
    (four - 0x0e0e0e0e) | // up to CR
    ((four ^ 0x3a3a3a3a) - ONES) | // a colon
    ((four ^ 0x5c5c5c5c) - ONES) // a backslash
  return (found & 0x80808080) === 0 ? four : 0
}

const ONES = 0x01010101

/** To see whether a value comes again, though not in the very next frames. */
function watch(known: Remembered, value: string): void {
  known.value = REMEMBERED_TEXT.test(value) ? value : undefined
  known.line = undefined
  known.rest = REST
}

function encodeUnescaped(name: string, value: string, rules: HeaderRules): string {
  if (name === '') throw unwritable(name, IS_EMPTY)
  if (`${name}${value}`.includes('\0')) throw unwritable(name, HAS_NUL)
  if (name.includes(':')) throw unwritable(name, 'a colon in a name cannot be escaped here')
  if (`${name}${value}`.includes('\n')) throw unwritable(name, 'a line feed cannot be escaped here')
  if (rules.hasCrLf && value.endsWith('\r')) throw unwritable(name, 'a carriage return at its end would be lost')
  if (rules.isTrimmed && (trim(name) !== name || trim(value) !== value)) {
    throw unwritable(name, 'STOMP 1.0 drops spaces and tabs around names and values')
  }
  return `${name}:${value}\n`
}

const IS_EMPTY = 'its name is empty'
const HAS_NUL = 'no version can write a NUL'

function unwritable(name: string, why: string): ProtocolError {
  return new ProtocolError('STOMP_ERR_UNWRITABLE_HEADER', `header ${JSON.stringify(name)} cannot be written: ${why}`)
}
