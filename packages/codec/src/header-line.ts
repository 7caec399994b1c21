import { octetsOf, writeOctets } from './bytes.js'
import { ProtocolError } from './errors.js'
import { escapeText, letterOf } from './escape.js'
import { BACKSLASH, isBlank, LF, NUL } from './octets.js'
import type { HeaderRules } from './version.js'

// What has to be looked at: colon, backslash, and control characters up to CR.
const SPECIAL = /[\0-\r:\\]/

/** By character code: 1 for what is written as it is. */
const PLAIN: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) =>
  Number(!SPECIAL.test(String.fromCharCode(code))),
)

/** More names, or longer ones, are not remembered: the memory stays small whatever is written. */
const REMEMBERED_NAMES = 256
const REMEMBERED_LENGTH = 64

/** Of a name: what a line begins with. */
interface Remembered {
  readonly name: string
  readonly prefix: string
  /** The prefix, where all of it is ASCII. */
  readonly octets: readonly number[] | undefined
}

const NOTHING: Remembered = { name: '', prefix: '', octets: undefined }

/** Writes header lines by one set of rules. Frames resemble each other, so it remembers names, which need no second look. */
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
    const rules = this.#rules
    const places = this.#places
    let lines = ''
    for (let i = 0; i < flat.length; i += 2) {
      const name = flat[i] ?? ''
      const value = flat[i + 1] ?? ''
      if (name === 'content-length') continue
      if (!rules.isEscaped) {
        lines += encodeUnescaped(name, value, rules)
        continue
      }
      let known = places[i] ?? NOTHING
      if (known.name !== name || known === NOTHING) known = this.#place(name, i)
      lines += this.#encode(known, value)
    }
    return lines
  }

  /** No more bytes than this do the lines of a frame take, if all of it is ASCII. */
  mostOf(flat: readonly string[]): number {
    let most = 0
    for (let i = 0; i < flat.length; i++) most += (flat[i] ?? '').length
    return 2 * most + flat.length
  }

  /**
   * Writes all lines of a frame, without `content-length`, as bytes at once: where texts are short and differ from frame
   * to frame, joining them to one costs more than writing them.
   *
   * @param into has room for {@link mostOf} bytes from `at` on
   * @returns where the lines end; -1 where not all is ASCII, or wants a closer look: nothing is said of `into` then
   */
  write(flat: readonly string[], into: Uint8Array, at: number): number {
    const { isEscaped, isReturnEscaped } = this.#rules
    if (!isEscaped) return -1
    const places = this.#places
    let end = at
    for (let i = 0; i < flat.length; i += 2) {
      const name = flat[i] ?? ''
      const value = flat[i + 1] ?? ''
      if (name === 'content-length') continue
      const place = places[i] ?? NOTHING
      const { octets } = place.name === name && place !== NOTHING ? place : this.#place(name, i)
      if (octets === undefined) return -1
      end = writeOctets(octets, into, end)
      const { length } = value
      for (let k = 0; k < length; k++) {
        const code = value.charCodeAt(k)
        if (PLAIN[code] === 1) {
          into[end++] = code
          continue
        }
        if (code === NUL || code > 127) return -1
        const letter = letterOf(code, isReturnEscaped)
        if (letter > 0) into[end++] = BACKSLASH
        into[end++] = letter > 0 ? letter : code
      }
      into[end++] = LF
    }
    return end
  }

  #place(name: string, index: number): Remembered {
    const known = this.#find(name)
    if (index < REMEMBERED_NAMES && name.length <= REMEMBERED_LENGTH) this.#places[index] = known
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
    known = { name, prefix, octets: octetsOf(prefix) }
    if (name.length > REMEMBERED_LENGTH) return known
    if (this.#known.size === REMEMBERED_NAMES) this.#known.clear()
    this.#known.set(name, known)
    return known
  }

  #escape(name: string, text: string): string {
    if (text.includes('\0')) throw unwritable(name, HAS_NUL)
    return escapeText(text, this.#rules)
  }
}

function encodeUnescaped(name: string, value: string, rules: HeaderRules): string {
  if (name === '') throw unwritable(name, IS_EMPTY)
  if (name.includes('\0') || value.includes('\0')) throw unwritable(name, HAS_NUL)
  if (name.includes(':')) throw unwritable(name, 'a colon in a name cannot be escaped here')
  if (name.includes('\n') || value.includes('\n')) throw unwritable(name, 'a line feed cannot be escaped here')
  if (rules.hasCrLf && value.endsWith('\r')) throw unwritable(name, 'a carriage return at its end would be lost')
  if (rules.isTrimmed && (isPadded(name) || isPadded(value))) {
    throw unwritable(name, 'STOMP 1.0 drops spaces and tabs around names and values')
  }
  return `${name}:${value}\n`
}

const IS_EMPTY = 'its name is empty'
const HAS_NUL = 'no version can write a NUL'

function isPadded(text: string): boolean {
  return isBlank(text.charCodeAt(0)) || isBlank(text.charCodeAt(text.length - 1))
}

function unwritable(name: string, why: string): ProtocolError {
  return new ProtocolError('STOMP_ERR_UNWRITABLE_HEADER', `header ${JSON.stringify(name)} cannot be written: ${why}`)
}
