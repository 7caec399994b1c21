import { ProtocolError } from './errors.js'
import { escapeText } from './escape.js'
import { isBlank } from './octets.js'
import type { HeaderRules } from './version.js'

// What has to be looked at: colon, backslash, and control characters up to CR.
const SPECIAL = /[\0-\r:\\]/

/** More names, or longer names and values, are not remembered: the memory stays small whatever is written. */
const REMEMBERED_NAMES = 256
const REMEMBERED_LENGTH = 64

/** Of a name: what a line begins with, and the last line that was written with it. */
interface Remembered {
  readonly name: string
  readonly prefix: string
  value: string | undefined
  line: string
}

const NOTHING: Remembered = { name: '', prefix: '', value: undefined, line: '' }

/**
 * Writes header lines by one set of rules. Frames resemble each other, so it remembers names, which need no second
 * look, and for each the last line: where a value repeats, the line is ready. That is no more than a faster way to the
 * same text.
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
      if (known.name !== name || known === NOTHING) {
        known = this.#find(name)
        if (i < REMEMBERED_NAMES && name.length <= REMEMBERED_LENGTH) places[i] = known
      }
      lines += known.value === value ? known.line : this.#encode(known, value)
    }
    return lines
  }

  /** @throws ProtocolError `STOMP_ERR_UNWRITABLE_HEADER` */
  encode(name: string, value: string): string {
    // Values of CONNECT are never kept: passwords are among them. Those of STOMP 1.0 want more than one look.
    if (!this.#rules.isEscaped) return encodeUnescaped(name, value, this.#rules)
    const known = this.#find(name)
    return known.value === value ? known.line : this.#encode(known, value)
  }

  #encode(known: Remembered, value: string): string {
    const line = `${known.prefix}${SPECIAL.test(value) ? this.#escape(known.name, value) : value}\n`
    if (value.length <= REMEMBERED_LENGTH) {
      known.value = value
      known.line = line
    }
    return line
  }

  #find(name: string): Remembered {
    let known = this.#known.get(name)
    if (known !== undefined) return known
    if (name === '') throw unwritable(name, IS_EMPTY)
    known = { name, prefix: `${this.#escape(name, name)}:`, value: undefined, line: '' }
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
