import { type DestinationSyntax, isPattern } from '../../../destination/destination.js'
import { StompError } from '../../../errors.js'

/**
 * Names at a broker that tells words apart by dots: `/topic/price/stock` is `price.stock` there. What means something to
 * the broker inside a word is written as `~` and two hexadecimal digits, so that every destination of ours has one name,
 * no two share one, and none of them is more than a name (a pattern, a list, a link with options). A name that is not
 * written so is none of ours: it is read as undefined.
 */
export interface BrokerNames {
  /** Of the segments behind the prefix; wildcards become the broker's. Throws if the broker cannot have so long a name. */
  write(segments: readonly string[]): string
  /** The destination below `prefix` that has this name; undefined if there is none. */
  read(prefix: string, name: string): string | undefined
}

/** What differs from broker to broker. */
export interface BrokerNameRules {
  readonly syntax: DestinationSyntax
  /** What is escaped inside a word, `~` and `.` among it: with the flag `g`, and of the first 128 characters only. */
  readonly escaped: RegExp
  /** The broker's wildcard for the rest. */
  readonly rest: '#' | '>'
  /** First words of names that are the broker's own. */
  readonly reserved?: readonly string[]
  /** So many bytes a name may have: who writes a longer header line than the broker takes ends what all share. @default 1024 */
  readonly maxBytes?: number
}

const ESCAPES = /~([0-9A-F]{2})/g

/** Makes them. */
export function createBrokerNames(rules: BrokerNameRules): BrokerNames {
  const { syntax, escaped, rest, reserved = [], maxBytes = 1_024 } = rules
  const separator = syntax.segments('/a/b.c')?.length === 2 ? '/' : '.'
  const wordOf = (segment: string): string => segment.replace(escaped, escapeOne)
  return {
    write(segments) {
      const name = segments
        .map((segment) => (segment === '*' ? segment : segment === '**' ? rest : wordOf(segment)))
        .join('.')
      const [first = ''] = segments
      if (reserved.includes(first)) {
        throw new StompError('STOMP_ERR_DESTINATION_UNKNOWN', {
          message: `Nothing is served there: names that begin with '${first}' are the broker's own`,
        })
      }
      // One character is three bytes at most.
      if (name.length * 3 > maxBytes && new TextEncoder().encode(name).length > maxBytes) {
        throw new StompError('STOMP_ERR_DESTINATION_INVALID', {
          message: `The destination is longer than the ${maxBytes} bytes that the broker takes`,
          cure: 'Choose a shorter destination.',
        })
      }
      return name
    },
    read(prefix, name) {
      const words = name.split('.')
      if (reserved.includes(words[0] ?? '')) return undefined
      const segments = words.map((word) =>
        word.replace(ESCAPES, (_, code) => String.fromCharCode(Number.parseInt(code, 16))),
      )
      // Only what would be written so was written by us, or could have been.
      if (segments.some((segment, i) => wordOf(segment) !== words[i])) return undefined
      const destination = `${prefix}/${segments.join(separator)}`
      const read = syntax.segments(destination)
      return read === undefined || isPattern(read) ? undefined : destination
    },
  }
}

/** The escape of one character. */
export const escapeOne = (character: string): string =>
  `~${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
