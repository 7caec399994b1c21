/**
 * Destinations are paths: segments after a leading separator. `*` stands for one whole segment, `**` at the end for the
 * rest, which may be empty. Prefix tests go by segment: `/topic` holds `/topic/a`, not `/topics`.
 */
export type Separator = '/' | '.'

/** How the segments of destinations are told apart, as one value that every room is given. */
export interface DestinationSyntax {
  /**
   * The segments, or undefined if the destination is not well-formed: no leading slash, an empty segment, a `*` that
   * does not stand alone, `**` not last, or what not every STOMP version can write into a header (a control character,
   * a space at the end). So every subscriber can be shown every destination.
   */
  segments(destination: string): readonly string[] | undefined
  /** True if `destination` is `prefix` or lies below it. `prefix` starts with `/`. */
  isBelow(destination: string, prefix: string): boolean
  /** The part after the prefix with a leading `/` and `/` between segments, each percent-encoded; `/` when nothing is left. */
  rest(destination: string, prefix: string): string
}

/** So many destinations are remembered, of no more characters each: those that come again are not taken apart again. */
const MAX_KNOWN = 1_000
const MAX_KNOWN_LENGTH = 128

/** STOMP 1.0 escapes nothing and drops spaces around a value; no version can write a NUL. */
const UNWRITABLE = /[\u0000-\u001f\u007f]| $/

/** True if the segments hold a wildcard. */
export function isPattern(segments: readonly string[]): boolean {
  for (const segment of segments) if (segment === '*' || segment === '**') return true
  return false
}

/**
 * True if everything that `subject` can mean is meant by `pattern` too. `subject` may itself be a pattern: a rule
 * `/topic/**` covers the subscription `/topic/*`, a rule `/topic/*` does not cover `/topic/**`.
 */
export function covers(pattern: readonly string[], subject: readonly string[]): boolean {
  for (let i = 0; i < pattern.length; i++) {
    const wanted = pattern[i]
    if (wanted === '**') return true
    const given = subject[i]
    if (given === undefined || given === '**') return false
    if (wanted !== '*' && wanted !== given) return false
  }
  return subject.length === pattern.length
}

/** True if there is a destination that both mean. Either may be a pattern. */
export function overlap(one: readonly string[], other: readonly string[]): boolean {
  for (let i = 0; ; i++) {
    const [a, b] = [one[i], other[i]]
    if (a === '**' || b === '**') return true
    if (a === undefined || b === undefined) return a === b
    if (a !== '*' && b !== '*' && a !== b) return false
  }
}

/**
 * Makes the syntax for one separator. With `.` the leading prefix keeps its slash, as Spring has it:
 * `/topic/price.stock.*` has the segments `topic`, `price`, `stock`, `*`.
 */
export function createDestinationSyntax(separator: Separator = '/'): DestinationSyntax {
  const split = (destination: string): string[] => {
    if (separator === '/') return destination.slice(1).split('/')
    const slash = destination.indexOf('/', 1)
    if (slash < 0) return [destination.slice(1)]
    return [destination.slice(1, slash), ...destination.slice(slash + 1).split('.')]
  }
  const read = (destination: string): readonly string[] | undefined => {
    if (destination.charCodeAt(0) !== 47 || UNWRITABLE.test(destination)) return undefined
    const segments = split(destination)
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i]
      if (segment === undefined || segment === '') return undefined
      if (segment.includes('*') && segment !== '*' && !(segment === '**' && i === segments.length - 1)) return undefined
    }
    return segments
  }
  const known = new Map<string, readonly string[]>()
  return {
    segments(destination) {
      const again = known.get(destination)
      if (again !== undefined) return again
      const segments = read(destination)
      if (segments === undefined || destination.length > MAX_KNOWN_LENGTH) return segments
      if (known.size >= MAX_KNOWN) known.clear()
      known.set(destination, segments)
      return segments
    },
    isBelow(destination, prefix) {
      if (!destination.startsWith(prefix)) return false
      if (destination.length === prefix.length) return true
      // With dots, only the first segment of a destination ends with a slash.
      const end = separator === '.' && prefix.includes('/', 1) ? '.' : '/'
      return destination[prefix.length] === end
    },
    rest(destination, prefix) {
      const below = destination.slice(prefix.length + 1)
      if (below === '') return '/'
      return `/${below.split(separator).map(encodeURIComponent).join('/')}`
    },
  }
}
