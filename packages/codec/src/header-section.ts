import { decodeStrictUtf8 } from './bytes.js'
import { COMMANDS, type CommandTraits, type Side } from './command.js'
import { CONTENT_LENGTH_CURE, parseContentLength } from './content.js'
import { indexOfUndefinedEscape, unescapeText } from './escape.js'
import { Flaw } from './flaw.js'
import { COLON, CR, isBlank, LF } from './octets.js'
import { type HeaderRules, rulesOf, type Version } from './version.js'

/**
 * Lines remembered from frame to frame; the longest line, and the longest text from which one is taken: a slice of a
 * string keeps the whole string in memory.
 */
const REMEMBERED_LINES = 32
const REMEMBERED_LENGTH = 256
const REMEMBERED_TEXT_LENGTH = 2048

// A header line never holds a NUL, so this is equal to none.
const NEVER = '\0'

/**
 * Reads command and headers of one frame after the other, from text in which each character stands for one byte.
 *
 * The frames of one stream resemble each other: most have the headers of the last one in the same order, many with the
 * same values. So each line is first compared with the line that stood there last time, then with its name; a header
 * that repeats costs a comparison and no memory.
 */
export class HeaderSection {
  /** The results of the last read(). */
  traits: CommandTraits = {
    command: 'SEND',
    octets: { length: 0, words: [] },
    sender: 'client',
    hasBody: true,
    isConnecting: false,
  }
  flat: string[] = []
  /** -1 when there is no content-length. */
  contentLength = -1
  /** All characters of the section were ASCII. */
  isAscii = true

  readonly #maxHeaders: number
  readonly #from: Side | undefined
  #version: Version = '1.2'
  #rules: HeaderRules = rulesOf(false, '1.2')
  // Of the last frames: the command line with its LF; each header line with its LF, its name and its value.
  #commandLine = NEVER
  #lines: string[] = []
  #names: string[] = []
  #values: string[] = []

  constructor(maxHeaders: number, from: Side | undefined) {
    this.#maxHeaders = maxHeaders
    this.#from = from
  }

  /**
   * @param text the frame from its command to at least the blank line; or, of a frame that has no blank line, to its NUL
   * @param bytes the bytes of `text`, from `offset` on, if not all of it is known to be ASCII
   * @returns the length of the section: where the body begins, or the NUL that is to end the frame
   */
  read(text: string, version: Version, bytes: Uint8Array | undefined, offset: number): number {
    let at = this.#readCommand(text, version)
    const rules = this.#rules
    const lines = this.#lines
    const names = this.#names
    const values = this.#values
    const { isEscaped, hasCrLf, isTrimmed } = rules
    const flat: string[] = []
    let contentLength = -1
    let isAscii = true
    // The first backslash at or after the current line; it is looked for once, not in each line.
    let backslash = isEscaped ? text.indexOf('\\', at) : -1
    const canRemember = text.length <= REMEMBERED_TEXT_LENGTH

    for (let index = 0; ; index++) {
      const first = text.charCodeAt(at)
      if (first === LF) {
        at += 1
        break
      }
      if (first === CR && hasCrLf && text.charCodeAt(at + 1) === LF) {
        at += 2
        break
      }
      if (at === text.length) {
        // The blank line is missing. So are the DISCONNECT and RECEIPT of the 1.1 and 1.2 specifications written.
        if (this.traits.hasBody || contentLength > 0) throw endsEarly(at)
        break
      }
      if (index === this.#maxHeaders) {
        throw new Flaw('STOMP_ERR_TOO_MANY_HEADERS', `more than ${this.#maxHeaders} headers`, at)
      }

      let name = NEVER
      let colon = -1
      if (index < lines.length) {
        const line = lines[index] ?? NEVER
        const last = line.length - 2
        // The end of a value changes sooner than its beginning: one character tells most lines apart.
        if (text.charCodeAt(at + last) === line.charCodeAt(last) && text.startsWith(line, at)) {
          name = names[index] ?? NEVER
          const value = values[index] ?? NEVER
          flat.push(name, value)
          if (contentLength < 0 && name === 'content-length') contentLength = parseContentLength(value)
          at += line.length
          continue
        }
        name = names[index] ?? NEVER
        if (text.charCodeAt(at + name.length) === COLON && text.startsWith(name, at)) colon = at + name.length
      }

      const lineFeed = text.indexOf('\n', at)
      if (lineFeed < 0) throw endsEarly(text.length)
      const end = hasCrLf && text.charCodeAt(lineFeed - 1) === CR ? lineFeed - 1 : lineFeed
      const isKnownName = colon >= 0
      if (!isKnownName) {
        colon = text.indexOf(':', at)
        if (colon < 0 || colon >= end) {
          throw new Flaw('STOMP_ERR_MALFORMED_HEADER', 'a header line needs a colon after its name', at)
        }
        name = text.slice(at, colon)
      }
      let value = text.slice(colon + 1, end)
      let isPlain = canRemember

      if (bytes !== undefined && !(isAsciiText(name) && isAsciiText(value))) {
        isAscii = false
        isPlain = false
        name = utf8(bytes, offset, at, colon)
        value = utf8(bytes, offset, colon + 1, end)
      }
      if (backslash >= 0 && backslash < at) backslash = text.indexOf('\\', at)
      if (backslash >= 0 && backslash < end) {
        if (!isKnownName && backslash < colon) {
          isPlain = false
          name = unescaped(name, text, at, rules)
        }
        value = unescaped(value, text, colon + 1, rules)
      }
      if (isTrimmed) {
        name = trim(name)
        value = trim(value)
      }
      if (name === '') throw new Flaw('STOMP_ERR_MALFORMED_HEADER', 'a header line needs a name before its colon', at)

      flat.push(name, value)
      if (contentLength < 0 && name === 'content-length') {
        contentLength = parseContentLength(value)
        if (contentLength < 0) throw new Flaw('STOMP_ERR_INVALID_CONTENT_LENGTH', CONTENT_LENGTH_CURE, at)
      }
      if (isPlain && index < REMEMBERED_LINES && lineFeed - at < REMEMBERED_LENGTH) {
        lines[index] = text.slice(at, lineFeed + 1)
        names[index] = name
        values[index] = value
      }
      at = lineFeed + 1
    }

    this.flat = flat
    this.contentLength = contentLength
    this.isAscii = isAscii
    return at
  }

  /**
   * What is known of a command.
   *
   * @param line the first line of a frame without its LF
   */
  traitsOf(line: string, version: Version): CommandTraits {
    const hasReturn = line.endsWith('\r')
    const traits = COMMANDS.get(hasReturn ? line.slice(0, -1) : line)
    if (traits === undefined) throw unknownCommand()
    if (hasReturn && !rulesOf(traits.isConnecting, version).hasCrLf) {
      throw new Flaw('STOMP_ERR_UNKNOWN_COMMAND', `in STOMP ${version} a line ends with LF alone`, 0)
    }
    if (this.#from !== undefined && this.#from !== traits.sender) {
      throw new Flaw('STOMP_ERR_WRONG_DIRECTION', `${traits.command} is for the ${traits.sender} to send`, 0)
    }
    return traits
  }

  /** Sets traits and rules; returns the index past the command line. */
  #readCommand(text: string, version: Version): number {
    if (version !== this.#version || !text.startsWith(this.#commandLine)) {
      const lineFeed = text.indexOf('\n')
      if (lineFeed < 0) throw unknownCommand()
      this.traits = this.traitsOf(text.slice(0, lineFeed), version)
      this.#version = version
      this.#commandLine = text.slice(0, lineFeed + 1)
      const rules = rulesOf(this.traits.isConnecting, version)
      if (rules !== this.#rules) {
        // What was remembered was read by other rules.
        this.#rules = rules
        this.#lines.length = 0
      }
    }
    return this.#commandLine.length
  }
}

export function unknownCommand(): Flaw {
  return new Flaw('STOMP_ERR_UNKNOWN_COMMAND', 'the first line is no STOMP command', 0)
}

function endsEarly(at: number): Flaw {
  return new Flaw(
    'STOMP_ERR_NUL_IN_HEADER',
    'a NUL in the header section: is the blank line missing that ends the headers?',
    at,
  )
}

function isAsciiText(text: string): boolean {
  return !/[^\0-\x7f]/.test(text)
}

function utf8(bytes: Uint8Array, offset: number, from: number, to: number): string {
  const text = decodeStrictUtf8(bytes, offset + from, offset + to)
  if (text === undefined) throw new Flaw('STOMP_ERR_ILL_FORMED_UTF8', 'a header is not well-formed UTF-8', from)
  return text
}

/** @param from where in the frame's text the name or value `escaped` begins */
function unescaped(escaped: string, frame: string, from: number, rules: HeaderRules): string {
  const text = unescapeText(escaped, escaped.indexOf('\\'), rules)
  if (text !== undefined) return text
  throw new Flaw(
    'STOMP_ERR_UNDEFINED_ESCAPE',
    'an escape that the version of STOMP does not define',
    indexOfUndefinedEscape(frame, from, rules),
  )
}

/** Without spaces and tabs at its ends. */
function trim(text: string): string {
  let from = 0
  let to = text.length
  while (isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}
