import { COMMANDS, type CommandTraits } from './command.js'
import { parseContentLength } from './content.js'
import { type HeaderRules, rulesOf, type Version } from './version.js'
import { isAt, type Octets, octetsOf, prefixOctetsOf } from './words.js'

/**
 * Lines remembered from frame to frame; the longest line, and the longest text from which one is taken: a slice of a
 * string keeps the whole string in memory.
 */
const REMEMBERED_LINES = 32
const REMEMBERED_LENGTH = 256
const REMEMBERED_TEXT_LENGTH = 2048

/** Frames for which a value is not compared after one that did not come again: most of those never do. */
const REST = 16

/** In place of a content-length where there is none; -1 is what is not one. */
export const NONE = -2

/** What is known of one header line, by its place in the frame. Bytes are kept only of what came twice. */
export interface Place {
  readonly name: string
  /** The name with its colon. */
  prefix: Octets | undefined
  /** The whole line with its LF. */
  line: Octets | undefined
  /** What `line` says, if it is a content-length: else {@link NONE}. */
  contentLength: number
  /** Frames until a value is compared again. */
  rest: number
}

/**
 * What the frames of one command on one stream have in common: mostly the same headers in the same order, many with the
 * same values. Or, shared by all streams, what is known of a command line before anything was learnt.
 */
export class Shape {
  readonly traits: CommandTraits
  readonly rules: HeaderRules
  /** The command line with its LF. */
  readonly commandLine: Octets
  /** Of one that is shared: the bit that stands for its command. Else 0. */
  readonly bit: number
  readonly places: Place[] = []
  /** Name and value for each place: a frame's list begins as a copy. */
  readonly flat: string[] = []

  constructor(traits: CommandTraits, rules: HeaderRules, commandLine: Octets, bit: number) {
    this.traits = traits
    this.rules = rules
    this.commandLine = commandLine
    this.bit = bit
  }

  /**
   * Takes note of a line that is not the one remembered.
   *
   * @param isNamed its name is the one remembered for this place
   * @param flat has its name and value
   * @param text the frame, in which the line is from `at` to before its LF
   */
  learn(index: number, isNamed: boolean, flat: readonly string[], text: string, at: number, lineFeed: number): void {
    if (this.bit > 0) return
    const { places } = this
    const place = places[index]
    if (isNamed && place !== undefined && place.rest > 0) {
      place.rest--
      return
    }
    if (index >= REMEMBERED_LINES || text.length > REMEMBERED_TEXT_LENGTH) return
    const name = flat[2 * index] ?? ''
    const value = flat[2 * index + 1] ?? ''
    if (place?.name === name) {
      const line = text.slice(at, lineFeed + 1)
      const prefix = `${name}:`
      const length = name === 'content-length' ? parseContentLength(value) : NONE
      const isAgain = place.line === undefined && this.flat[2 * index + 1] === value && length !== -1
      // Not if it is written in another way: with escapes, in other characters than ASCII, or with blanks around.
      if (line.startsWith(prefix) && isKept(prefix)) place.prefix ??= prefixOctetsOf(prefix)
      place.line = isAgain && isKept(line) ? octetsOf(line) : undefined
      place.contentLength = length
      place.rest = isAgain ? 0 : REST
    } else places[index] = { name, prefix: undefined, line: undefined, contentLength: NONE, rest: 0 }
    this.flat[2 * index] = name
    this.flat[2 * index + 1] = value
  }
}

const isKept = (text: string): boolean => text.length <= REMEMBERED_LENGTH && !/[^\0-\x7f]/.test(text)

const sharedFor = (version: Version): readonly Shape[] =>
  ['', '\r'].flatMap((carriageReturn) =>
    [...COMMANDS.values()].flatMap((traits, index) => {
      const rules = rulesOf(traits.isConnecting, version)
      if (carriageReturn && !rules.hasCrLf) return []
      return new Shape(traits, rules, octetsOf(`${traits.command}${carriageReturn}\n`), 1 << index)
    }),
  )

/** One for each command line there is. */
export const SHARED_SHAPES: Readonly<Record<Version, readonly Shape[]>> = {
  '1.0': sharedFor('1.0'),
  '1.1': sharedFor('1.1'),
  '1.2': sharedFor('1.2'),
}

/** The one whose command line begins at `at`, where there are `room` bytes. */
export function findShape(shapes: readonly Shape[], view: DataView, at: number, room: number): Shape | undefined {
  for (const shape of shapes) {
    if (shape.commandLine.length <= room && isAt(shape.commandLine, view, at)) return shape
  }
  return undefined
}
