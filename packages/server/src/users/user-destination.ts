/**
 * User destinations: a client subscribes to `/user/queue/x`, its very own; who may, sends to `/user/<name>/queue/x`, and
 * each session of that user gets it. What follows `/user`, or `/user/<name>`, is the rest: `/queue/x`.
 *
 * The name is percent-encoded UTF-8 (`encodeURIComponent`, and `*` as `%2A`), so `a/b` is written `a%2Fb`. It ends at the
 * next slash whatever the separator is: where that is a dot, `/user/jane.doe/queue/price.stock` is for `jane.doe`, and a
 * dot that would make an empty segment (`.jane`, `a..b`) is written `%2E`. What needs no escape must have none: a name of
 * letters, digits and `-_!~'()` can be written in one way only, so that hooks may compare destinations as they stand.
 *
 * Behind the same words each session has a name of its own, which begins with a NUL: no client can write it, and no
 * wildcard matches it.
 */
import { INNER } from '../broker/broker.js'
import { type DestinationSyntax, isPattern } from '../destination/destination.js'
import { StompError } from '../errors.js'

/** The prefix of user destinations. */
export const USER_PREFIX = '/user'

/** Whom a destination means, and what of theirs. */
export interface OtherUserDestination {
  /** The user name, decoded. */
  readonly name: string
  /** A well-formed destination without wildcards: `/queue/x`. */
  readonly rest: string
}

const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/
/** What `encodeURIComponent` leaves as it is, but `*` and `.`, which mean something in a destination. */
const NEEDS_NO_ESCAPE = /^[\w\-!~'()]$/

/**
 * The rest of a destination to which a session subscribes: `/queue/x` of `/user/queue/x`. Undefined for what does not
 * lie below `/user`. Throws STOMP_ERR_DESTINATION_INVALID for what does and is not well-formed, has a wildcard, or has no
 * rest.
 */
export function ownUserDestination(destination: string, syntax: DestinationSyntax): string | undefined {
  if (!syntax.isBelow(destination, USER_PREFIX)) return undefined
  const rest = destination.slice(USER_PREFIX.length)
  if (!isExact(destination, syntax) || !isExact(rest, syntax)) {
    throw invalid(`'${destination}' is not a user destination: write ${USER_PREFIX}/queue/x, without wildcards`)
  }
  return rest
}

/**
 * Whom a SEND is for: `bob` and `/queue/x` of `/user/bob/queue/x`. Undefined for what does not lie below `/user`. Throws
 * STOMP_ERR_DESTINATION_INVALID for what does and is not well-formed, has a wildcard, no rest, or a name that cannot be
 * decoded. Whether there is such a user is not asked.
 */
export function otherUserDestination(destination: string, syntax: DestinationSyntax): OtherUserDestination | undefined {
  if (!syntax.isBelow(destination, USER_PREFIX)) return undefined
  const start = USER_PREFIX.length + 1
  const end = destination.indexOf('/', start)
  if (end > start && isExact(destination, syntax)) {
    const rest = destination.slice(end)
    if (isExact(rest, syntax)) return { name: decodeUserName(destination.slice(start, end)), rest }
  }
  throw invalid(`'${destination}' names no user: write ${USER_PREFIX}/<name>/queue/x, without wildcards`)
}

/**
 * The inner name of one session's user destination: `\0user/<sessionId>/queue/x`. Different sessions or rests have
 * different names. `rest` starts with a slash, as the functions above give it.
 */
export function innerUserDestination(sessionId: string, rest: string): string {
  // A slash in an id would let it pass for another id with another rest.
  const id = /[%/]/.test(sessionId) ? sessionId.replaceAll('%', '%25').replaceAll('/', '%2F') : sessionId
  return `${INNER}user/${id}${rest}`
}

/**
 * Writes a user name as one segment of a destination, under either separator. Throws STOMP_ERR_USER_NAME_INVALID for a
 * name that UTF-8 cannot carry: one with half a surrogate pair.
 */
export function encodeUserName(name: string): string {
  try {
    return encodeURIComponent(name).replaceAll('*', '%2A').replaceAll('.', '%2E')
  } catch (cause) {
    throw new StompError('STOMP_ERR_USER_NAME_INVALID', { cause })
  }
}

/**
 * Reads a user name out of a destination. Throws STOMP_ERR_DESTINATION_INVALID for a `%` that begins no escape, escapes
 * that are not UTF-8, escapes that neither `encodeURIComponent` nor `encodeUserName` writes (`%61`, `%2f`), and control
 * characters, which no user name has.
 */
export function decodeUserName(segment: string): string {
  let name: string
  try {
    name = decodeURIComponent(segment)
  } catch (cause) {
    throw invalid(`'${segment}' is not a percent-encoded user name`, cause)
  }
  for (const [written] of segment.matchAll(/%../g)) {
    const character = String.fromCharCode(Number.parseInt(written.slice(1), 16))
    if (!NEEDS_NO_ESCAPE.test(character) && written === written.toUpperCase()) continue
    throw invalid(`'${segment}' is a user name written in another way than encodeURIComponent does`)
  }
  if (CONTROL_CHARACTER.test(name)) throw invalid(`'${segment}' is no user name: it has a control character`)
  return name
}

function isExact(destination: string, syntax: DestinationSyntax): boolean {
  const segments = syntax.segments(destination)
  return segments !== undefined && !isPattern(segments)
}

function invalid(message: string, cause?: unknown): StompError {
  return new StompError('STOMP_ERR_DESTINATION_INVALID', {
    message,
    cure: 'A user name in a destination is percent-encoded (/ is %2F, % is %25, * is %2A); user destinations have no wildcards.',
    cause,
  })
}
