import { LONGEST_COMMAND } from './command.js'
import { ProtocolError } from './errors.js'
import { type HeaderSection, unknownCommand } from './header-section.js'
import type { Limits } from './limits.js'
import { CR, LF, NUL } from './octets.js'
import type { Version } from './version.js'
import { viewOf } from './words.js'

// Of all commands: what begins with other bytes needs no second look.
const INITIALS = 'ABCDEMNRSU'

/**
 * Finds the end of a header section that is long, or that comes in pieces, without reading its headers: looks at each
 * byte once and holds the lines to the limits, so that what has no end is refused before it fills the memory.
 * Positions count from the first byte of the frame, because the frame may move in memory between two calls. One is made
 * for a frame that needs it.
 */
export class HeaderScan {
  readonly #limits: Limits
  readonly #section: HeaderSection
  #hasCrLf = false
  /** Where the header lines begin (0 when that is not known), where the first incomplete one does, and how far that was looked at. */
  #headersFrom = 0
  #lineFrom = 0
  #scanned = 0
  #lines = 0

  constructor(limits: Limits, section: HeaderSection) {
    this.#limits = limits
    this.#section = section
  }

  /**
   * Goes on with the bytes up to `end`, where the input ends.
   *
   * @returns the length of the section: with its blank line, or up to a NUL in it; -1 when neither has come
   */
  findEnd(bytes: Uint8Array, start: number, end: number, version: Version): number {
    let lineFrom = start + this.#lineFrom
    // By hand: a native search costs as much as a look at all of a common line, and it would be two, for LF and NUL.
    for (let at = start + this.#scanned; at < end; at++) {
      const octet = bytes[at] ?? NUL
      if (octet > LF) continue
      if (this.#headersFrom === 0) {
        // The first of these ends the command line.
        this.#hasCrLf = this.#section.shapeOf(viewOf(bytes), bytes, start, at + 1, version).rules.hasCrLf
        this.#headersFrom = at + 1 - start
      } else if (octet === NUL) {
        this.#limit(bytes, lineFrom, at)
        return at - start
      } else if (octet !== LF) continue
      else if (this.#limit(bytes, lineFrom, at)) return at + 1 - start
      // Ready to be refused: reading it says whether it is that, or an earlier line, which is wrong.
      else if (++this.#lines > this.#limits.maxHeaders) return at + 1 - start
      lineFrom = at + 1
      this.#lineFrom = lineFrom - start
    }
    this.#scanned = end - start
    if (this.#headersFrom > 0) this.#limit(bytes, lineFrom, end)
    else if (end - start > LONGEST_COMMAND + 1 || !INITIALS.includes(String.fromCharCode(bytes[start] ?? NUL))) {
      throw unknownCommand()
    }
    return -1
  }

  /**
   * Holds a line to the limits; returns whether it is, so far, a blank one. Of two limits that are broken, the one is
   * named that was broken first.
   */
  #limit(bytes: Uint8Array, from: number, to: number): boolean {
    const length = to - from
    if (length === 0 || (length === 1 && this.#hasCrLf && bytes[from] === CR)) return true
    const { maxHeaderLineBytes, maxHeaderBytes } = this.#limits
    const rest = this.#headersFrom + maxHeaderBytes - this.#lineFrom - 1
    if (length <= maxHeaderLineBytes && length <= rest) return false
    throw maxHeaderLineBytes <= rest
      ? new ProtocolError(
          'STOMP_ERR_HEADER_LINE_TOO_LONG',
          `a header line over ${maxHeaderLineBytes} bytes`,
          this.#lineFrom,
        )
      : new ProtocolError(
          'STOMP_ERR_HEADERS_TOO_LONG',
          `header lines over ${maxHeaderBytes} bytes in all`,
          this.#lineFrom,
        )
  }
}
