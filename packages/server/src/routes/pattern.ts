import type { DestinationSyntax } from '../destination/destination.js'

/** A route's pattern, understood: written as Fastify writes its paths. */
export interface Pattern {
  /** What the router is given: one path, or two where the last param is optional. */
  readonly paths: readonly string[]
  /** Names of the params that are always there; `*` for a wildcard. */
  readonly params: ReadonlySet<string>
  /** Name of the param that may be absent. */
  readonly optionalParam: string | undefined
}

const NAME = /\w+/y

type Fail = (why: string) => never

/**
 * Reads a pattern: static text, `:param` (a whole segment, or parts of one divided by `-`, `.` or a regular expression as
 * in `:id(^\\d+$)`), `:param?` as the last segment, `*` as the last character; `::` is a colon. Segments are divided by
 * `/` whatever the separator of destinations is. Throws a TypeError for what no destination could match, and for what
 * would match otherwise than it reads.
 */
export function parsePattern(pattern: string, syntax: DestinationSyntax): Pattern {
  const fail: Fail = (why) => {
    throw new TypeError(`'${pattern}' is not a route pattern: ${why}`)
  }
  if (!pattern.startsWith('/')) fail('it must start with /')
  const params = new Set<string>()
  let text = ''
  let at = 0
  while (at < pattern.length) {
    const char = pattern.charAt(at)
    if (char === '*') {
      if (at !== pattern.length - 1) fail('* must be the last character')
      params.add('*')
      at++
    } else if (char === ':' && pattern.charAt(at + 1) === ':') {
      text += ':'
      at += 2
    } else if (char !== ':') {
      text += char
      at++
    } else {
      NAME.lastIndex = at + 1
      const name = NAME.exec(pattern)?.[0] ?? fail(': must be followed by a name of letters, digits or _')
      if (params.has(name)) fail(`:${name} stands in it twice`)
      const end = NAME.lastIndex
      if (pattern.charAt(end) === '?') {
        if (end !== pattern.length - 1 || pattern.charAt(at - 1) !== '/')
          fail(`:${name}? must be the whole last segment`)
        checkStatic(`${text}x`, syntax, fail)
        const short = pattern.slice(0, at - 1)
        return { paths: [pattern.slice(0, end), short === '' ? '/' : short], params, optionalParam: name }
      }
      params.add(name)
      at = pattern.charAt(end) === '(' ? endOfGroup(pattern, end, fail) : end
      if (at === end && !/^[-./]?$/.test(pattern.charAt(at)))
        fail(`:${name} must end before /, -, . or a regular expression`)
      // Stands for the param, so that checkStatic sees a segment that is not empty.
      text += 'x'
    }
  }
  checkStatic(params.has('*') ? `${text}x` : text, syntax, fail)
  return { paths: [pattern], params, optionalParam: undefined }
}

/**
 * The path in the form that the router compares with static text: find-my-way leaves the reserved characters of a URI
 * percent-encoded there, and of them only these do not divide a URI. Undefined for a path that no well-formed destination
 * gives: the router would cut it at `?` or `#`, and take an empty segment for a param.
 */
export function routerPath(path: string): string | undefined {
  if (path === '/') return path
  if (path.endsWith('/') || path.includes('//') || path.includes('?') || path.includes('#')) return undefined
  return path.includes('%') ? path.replace(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent) : path
}

/** True if the text can stand as one whole segment of a destination, and can neither divide it nor match others. */
export function isOneSegment(text: string, syntax: DestinationSyntax): boolean {
  if (text.includes('/') || text.includes('*')) return false
  return syntax.segments(`/x/${text}`)?.length === 2
}

function checkStatic(text: string, syntax: DestinationSyntax, fail: Fail): void {
  if (/[?#]/.test(text)) fail('? and # cannot stand in static text; take a param')
  if (text === '/') return
  for (const segment of text.slice(1).split('/')) {
    if (segment === '') fail('it has an empty segment')
    if (!isOneSegment(segment, syntax))
      fail(`'${segment}' is more than one segment of a destination; write / between segments`)
  }
}

/** Index behind the parenthesis that closes the one at `start`. */
function endOfGroup(pattern: string, start: number, fail: Fail): number {
  let depth = 0
  for (let at = start; at < pattern.length; at++) {
    const char = pattern.charAt(at)
    if (char === '\\') at++
    else if (char === '(') depth++
    else if (char === ')' && --depth === 0) return at + 1
  }
  return fail('a parenthesis is not closed')
}
