import { isPattern, overlap } from '../destination/destination.js'

/**
 * True if there is a destination that both mean, either of which may be a pattern: what is asked where something is to be
 * kept from somebody. The broker compares segments as they are written; but the name in `/user/<name>/...` may be written
 * in several ways (`@` or `%40`, `.` or `%2E`), all of which mean the same user.
 */
export function touches(one: readonly string[], other: readonly string[]): boolean {
  if (overlap(one, other)) return true
  return (one[0] === USER || other[0] === USER) && overlap(named(one), named(other))
}

const USER = 'user'

/** The segments with the name decoded, and marked, so that no name is a wildcard. */
function named(segments: readonly string[]): readonly string[] {
  const [first, second] = segments
  if (first === undefined || second === undefined || isPattern([second])) return segments
  // Where a dot separates, the name ends at the first slash all the same, and dots in it have torn it apart.
  const isTorn = segments.some((segment) => segment.includes('/'))
  if (!isTorn) return [first, decoded(second), ...segments.slice(2)]
  const below = segments.slice(1).join('.')
  const end = below.indexOf('/')
  return [first, decoded(below.slice(0, end)), ...below.slice(end + 1).split('.')]
}

function decoded(name: string): string {
  try {
    return `=${decodeURIComponent(name)}`
  } catch {
    return name
  }
}
