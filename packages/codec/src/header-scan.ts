import { decodeSingleBytes, indexOfOctet } from './bytes.js'
import { type CommandTraits, LONGEST_COMMAND } from './command.js'
import { Flaw } from './flaw.js'
import { type HeaderSection, unknownCommand } from './header-section.js'
import type { Limits } from './limits.js'
import { CR, LF } from './octets.js'
import { rulesOf, type Version } from './version.js'

/**
 * Finds the end of a header section that is long, or that comes in pieces, without reading its headers: goes over each
 * byte once and holds the lines to the limits, so that what has no end is refused before it fills the memory.
 * Positions count from the first byte of the frame, because the frame may move in memory between two calls.
 */
export class HeaderScan {
  readonly #limits: Limits
  readonly #section: HeaderSection
  #traits: CommandTraits | undefined = undefined
  /** Where the header lines begin, where the first incomplete one does, and how far that was looked at. */
  #headersFrom = 0
  #lineFrom = 0
  #scanned = 0
  #lines = 0

  constructor(limits: Limits, section: HeaderSection) {
    this.#limits = limits
    this.#section = section
  }

  reset(): void {
    this.#traits = undefined
    this.#lines = 0
  }

  get hasCommand(): boolean {
    return this.#traits !== undefined
  }

  /**
   * Goes on with the bytes up to `to`, where the input or, by a NUL, the frame ends.
   *
   * @returns the length of the section with its blank line; -1 when that has not come
   */
  findEnd(bytes: Uint8Array, start: number, to: number, version: Version): number {
    const traits = this.#traits ?? this.#findCommand(bytes, start, to, version)
    if (traits === undefined) return -1
    const { hasCrLf } = rulesOf(traits.isConnecting, version)
    for (;;) {
      const lineFrom = start + this.#lineFrom
      const lineFeed = indexOfOctet(bytes, LF, start + this.#scanned, to)
      const length = (lineFeed < 0 ? to : lineFeed) - lineFrom
      const isBlank = length === 0 || (length === 1 && hasCrLf && bytes[lineFrom] === CR)
      if (!isBlank) this.#limit(length)
      if (lineFeed < 0) {
        this.#scanned = to - start
        return -1
      }
      this.#lineFrom = this.#scanned = lineFeed + 1 - start
      if (isBlank) return this.#lineFrom
      this.#lines += 1
      // Ready to be refused: reading it says whether it is that, or an earlier line, which is wrong.
      if (this.#lines > this.#limits.maxHeaders) return this.#lineFrom
    }
  }

  /** Looks for the command line, from `start` to before `to`; fails as soon as it cannot be one. */
  #findCommand(bytes: Uint8Array, start: number, to: number, version: Version): CommandTraits | undefined {
    // The initials of all commands: other bytes need no second look.
    if (!'ABCDEMNRSU'.includes(String.fromCharCode(bytes[start] ?? 0))) throw unknownCommand()
    const longest = start + LONGEST_COMMAND + 2
    const lineFeed = indexOfOctet(bytes, LF, start, Math.min(to, longest))
    if (lineFeed < 0) {
      if (to >= longest) throw unknownCommand()
      return undefined
    }
    this.#headersFrom = this.#lineFrom = this.#scanned = lineFeed + 1 - start
    this.#traits = this.#section.traitsOf(decodeSingleBytes(bytes, start, lineFeed), version)
    return this.#traits
  }

  /** Of two limits that are broken, the one is named that was broken first. */
  #limit(length: number): void {
    const { maxHeaderLineBytes, maxHeaderBytes } = this.#limits
    const rest = this.#headersFrom + maxHeaderBytes - this.#lineFrom - 1
    if (length <= maxHeaderLineBytes && length <= rest) return
    throw maxHeaderLineBytes <= rest
      ? new Flaw('STOMP_ERR_HEADER_LINE_TOO_LONG', `a header line over ${maxHeaderLineBytes} bytes`, this.#lineFrom)
      : new Flaw('STOMP_ERR_HEADERS_TOO_LONG', `header lines over ${maxHeaderBytes} bytes in all`, this.#lineFrom)
  }
}
