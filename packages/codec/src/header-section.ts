import { decodeStrictUtf8, decodeUtf8 } from './bytes.js'
import { type CommandTraits, SEND, type Side } from './command.js'
import { CONTENT_LENGTH_CURE, parseContentLength } from './content.js'
import { ProtocolError } from './errors.js'
import { unescapeText } from './escape.js'
import { CR, LF, trim } from './octets.js'
import { findShape, NONE, SHARED_SHAPES, Shape } from './shape.js'
import type { HeaderRules, Version } from './version.js'
import { isAt, viewOf } from './words.js'

const NO_HEADERS: readonly string[] = []
const NO_SHAPES: readonly Shape[] = []

/**
 * Reads command and headers of one frame after the other, from text in which each character stands for one byte.
 *
 * The frames of one stream resemble each other: most have the headers of the last one of their command in the same
 * order, many with the same values. So the bytes of each line are first compared with the line that stood there last
 * time, then with its name; a header that repeats costs a comparison and no memory.
 */
export class HeaderSection {
  /** The results of the last read(). */
  traits: CommandTraits = SEND
  flat: readonly string[] = NO_HEADERS
  /** Below 0 when there is no content-length. */
  contentLength: number = NONE

  readonly #maxHeaders: number
  readonly #from: Side | undefined
  readonly #isLenient: boolean
  #version: Version = '1.2'
  /** What was learnt of this stream, in the version that was read last. */
  #shapes: readonly Shape[] = NO_SHAPES
  /** The bits of the commands that were read. */
  #seen = 0

  constructor(maxHeaders: number, from: Side | undefined, isLenient: boolean) {
    this.#maxHeaders = maxHeaders
    this.#from = from
    this.#isLenient = isLenient
  }

  /**
   * @param text the frame from its command to at least the blank line; or, of a frame that has no blank line, to its NUL
   * @param bytes what has the bytes of `text`, from `offset` on
   * @param isAscii all of `text` is known to be
   * @returns the length of the section: where the body begins, or the NUL that is to end the frame
   */
  read(text: string, version: Version, bytes: Uint8Array, offset: number, isAscii: boolean): number {
    const { length } = text
    const view = viewOf(bytes)
    const shape = this.shapeOf(view, bytes, offset, offset + length, version)
    this.traits = shape.traits
    const { rules, places } = shape
    const { isEscaped, hasCrLf, isTrimmed } = rules
    const origin = bytes.byteOffset + offset
    const raw = isAscii ? undefined : bytes
    const isLenient = this.#isLenient
    // A copy costs less than to add one after the other.
    let flat = shape.flat.slice()
    let contentLength = NONE
    let at = shape.commandLine.length
    // The first backslash at or after the current line; it is looked for once, not in each line.
    let backslash = isEscaped ? text.indexOf('\\', at) : -1
    let index = 0

    for (; ; index++) {
      const first = text.charCodeAt(at)
      if (first === LF) {
        at += 1
        break
      }
      if (first === CR && hasCrLf && text.charCodeAt(at + 1) === LF) {
        at += 2
        break
      }
      if (at === length) {
        // The blank line is missing. So are the DISCONNECT and RECEIPT of the 1.1 and 1.2 specifications written.
        if (shape.traits.hasBody || contentLength > 0) throw endsEarly(at)
        break
      }
      if (index === this.#maxHeaders) {
        throw new ProtocolError('STOMP_ERR_TOO_MANY_HEADERS', `more than ${this.#maxHeaders} headers`, at)
      }

      let colon = -1
      const place = index < places.length ? places[index] : undefined
      if (place !== undefined) {
        const { line, prefix } = place
        if (line !== undefined && at + line.length <= length && isAt(line, view, origin + at)) {
          if (contentLength < 0) contentLength = place.contentLength
          at += line.length
          continue
        }
        if (prefix !== undefined && at + prefix.length <= length && isAt(prefix, view, origin + at)) {
          colon = at + prefix.length - 1
        }
      }

      const lineFeed = text.indexOf('\n', at)
      if (lineFeed < 0) throw endsEarly(length)
      const end = hasCrLf && text.charCodeAt(lineFeed - 1) === CR ? lineFeed - 1 : lineFeed
      const isNamed = colon >= 0
      if (!isNamed) colon = text.indexOf(':', at)
      if (colon < 0 || colon >= end) throw malformed('a header line needs a colon after its name', at)
      if (backslash >= 0 && backslash < at) backslash = text.indexOf('\\', at)
      const isSimple = isAscii && !isTrimmed && !(backslash >= 0 && backslash < end)
      if (!isNamed) {
        const name = isSimple ? text.slice(at, colon) : meant(text, at, colon, rules, raw, offset, isLenient)
        if (name === '' && !isLenient) throw malformed('a header line needs a name before its colon', at)
        flat[2 * index] = name
      }
      const value = isSimple ? text.slice(colon + 1, end) : meant(text, colon + 1, end, rules, raw, offset, isLenient)
      flat[2 * index + 1] = value
      if (contentLength < 0 && flat[2 * index] === 'content-length') {
        contentLength = parseContentLength(value)
        if (contentLength < 0) throw new ProtocolError('STOMP_ERR_INVALID_CONTENT_LENGTH', CONTENT_LENGTH_CURE, at)
      }
      shape.learn(index, isNamed, flat, text, at, lineFeed)
      at = lineFeed + 1
    }

    if (flat.length > 2 * index) flat = flat.slice(0, 2 * index)
    this.flat = flat
    this.contentLength = contentLength
    return at
  }

  /** Forgets the results, which belong to who has them now: an idle stream is to hold nothing of them. */
  release(): void {
    this.flat = NO_HEADERS
  }

  /**
   * What is known of the command whose line begins at `from` and ends before `to`.
   *
   * A stream learns what a frame looks like when the second one of a recurring command comes: most streams subscribe,
   * and then are silent for long.
   */
  shapeOf(view: DataView, bytes: Uint8Array, from: number, to: number, version: Version): Shape {
    if (version !== this.#version) {
      this.#version = version
      this.#shapes = NO_SHAPES
      this.#seen = 0
    }
    const at = bytes.byteOffset + from
    const room = to - from
    const own = findShape(this.#shapes, view, at, room)
    if (own !== undefined) return own
    const shared = findShape(SHARED_SHAPES[version], view, at, room)
    if (shared === undefined) {
      // In 1.2 all lines may end with CRLF.
      if (findShape(SHARED_SHAPES['1.2'], view, at, room) === undefined) throw unknownCommand()
      throw new ProtocolError('STOMP_ERR_UNKNOWN_COMMAND', `in STOMP ${version} a line ends with LF alone`, 0)
    }
    const { traits, rules, commandLine, bit } = shared
    if (this.#from !== undefined && this.#from !== traits.sender) {
      throw new ProtocolError('STOMP_ERR_WRONG_DIRECTION', `${traits.command} is for the ${traits.sender} to send`, 0)
    }
    const wasSeen = (this.#seen & bit) !== 0
    this.#seen |= bit
    if (!wasSeen || !traits.isRecurring) return shared
    const learnt = new Shape(traits, rules, commandLine, 0)
    this.#shapes = [...this.#shapes, learnt]
    return learnt
  }
}

export function unknownCommand(): ProtocolError {
  return new ProtocolError('STOMP_ERR_UNKNOWN_COMMAND', 'the first line is no STOMP command', 0)
}

function malformed(cure: string, at: number): ProtocolError {
  return new ProtocolError('STOMP_ERR_MALFORMED_HEADER', cure, at)
}

function endsEarly(at: number): ProtocolError {
  return new ProtocolError(
    'STOMP_ERR_NUL_IN_HEADER',
    'a NUL in the headers: is the blank line missing that ends them?',
    at,
  )
}

/**
 * What a name or a value means that stands from `from` to before `to`.
 *
 * @param bytes what has the bytes of `text`, from `offset` on, if not all of it is known to be ASCII
 */
function meant(
  text: string,
  from: number,
  to: number,
  rules: HeaderRules,
  bytes: Uint8Array | undefined,
  offset: number,
  isLenient: boolean,
): string {
  let plain = text.slice(from, to)
  if (bytes !== undefined && /[^\0-\x7f]/.test(plain)) {
    const [first, last] = [offset + from, offset + to]
    const decoded = isLenient ? decodeUtf8(bytes, first, last) : decodeStrictUtf8(bytes, first, last)
    if (decoded === undefined)
      throw new ProtocolError('STOMP_ERR_ILL_FORMED_UTF8', 'a header is not well-formed UTF-8', from)
    plain = decoded
  }
  if (rules.isEscaped) {
    const unescaped = unescapeText(plain, plain.indexOf('\\'), rules)
    if (typeof unescaped !== 'number') plain = unescaped
    else if (!isLenient) {
      // In `plain` a character may stand for several bytes.
      const at = Number(unescapeText(text, text.indexOf('\\', from), rules))
      throw new ProtocolError('STOMP_ERR_UNDEFINED_ESCAPE', 'an escape that this version does not define', at)
    }
  }
  return rules.isTrimmed ? trim(plain) : plain
}
