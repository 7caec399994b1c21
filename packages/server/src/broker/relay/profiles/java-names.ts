import { type DestinationSyntax, isPattern } from '../../../destination/destination.js'
import { StompError } from '../../../errors.js'
import type { BrokerNames } from './broker-names.js'

/** What differs from broker to broker. */
export interface JavaNameRules {
  readonly syntax: DestinationSyntax
  /** First words of names that are the broker's own; ours are written otherwise. */
  readonly reserved: ReadonlySet<string>
  /** So many characters a name may have. */
  readonly maxLength: number
}

const ESCAPES = /\$([0-9A-F]{4})/g

/**
 * Names at a broker that takes Java identifiers with dots between them, and no others: `/topic/price/stock` is
 * `price.stock` there. Whatever is no letter of ASCII, digit or `_` is written as `$` and four hexadecimal digits, so
 * that every destination of ours has one name and no two share one. A pattern for the rest is `price>`; wildcards right
 * before it are left out of it (`/topic/price/*` + `/**` is `price>` too), since such a broker asks for at least one more
 * word then: it means more there than here.
 */
export function createJavaNames({ syntax, reserved, maxLength }: JavaNameRules): BrokerNames {
  const separator = syntax.segments('/a/b.c')?.length === 2 ? '/' : '.'
  const wordOf = (segment: string, isFirst: boolean): string => {
    const isEscaped = isFirst && (/^\d/.test(segment) || reserved.has(segment))
    const [first, rest] = isEscaped ? [escapeOne(segment.slice(0, 1)), segment.slice(1)] : ['', segment]
    return first + rest.replace(/\W/g, escapeOne)
  }
  return {
    write(segments) {
      const isRest = segments.at(-1) === '**'
      let length = isRest ? segments.length - 1 : segments.length
      while (isRest && segments[length - 1] === '*') length--
      const words = segments.slice(0, length).map((segment, i) => (segment === '*' ? '*' : wordOf(segment, i === 0)))
      const name = words.join('.') + (isRest ? '>' : '')
      if (name.length <= maxLength) return name
      throw new StompError('STOMP_ERR_DESTINATION_INVALID', {
        message: `The destination is longer than the ${maxLength} characters that the broker takes`,
        cure: 'Choose a shorter destination; each character that is no letter of ASCII, digit or _ counts as five.',
      })
    },
    read(prefix, name) {
      const words = name.split('.')
      const segments = words.map((word) =>
        word.replace(ESCAPES, (_, code) => String.fromCharCode(Number.parseInt(code, 16))),
      )
      // Only what would be written so was written by us, or could have been.
      if (segments.some((segment, i) => wordOf(segment, i === 0) !== words[i])) return undefined
      const destination = `${prefix}/${segments.join(separator)}`
      const read = syntax.segments(destination)
      return read === undefined || isPattern(read) ? undefined : destination
    },
  }
}

const escapeOne = (unit: string): string => `$${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
