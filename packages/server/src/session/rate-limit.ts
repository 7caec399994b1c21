import type { Frame } from '@hoofbeat/codec'
import { covers, type DestinationSyntax } from '../destination/destination.js'
import type { User } from '../hooks/user.js'

/**
 * How much one session may send: a bucket that holds `burst`, and is filled with `count` every `perMs`, evenly. Heart-beats
 * and DISCONNECT are never counted.
 */
export interface RateLimit {
  /**
   * What is counted: all frames; the bytes of their headers and bodies; or the frames of one command. A frame larger than
   * the rest of the bucket is taken, and makes the next ones wait for longer.
   */
  readonly of: 'frames' | 'bytes' | 'SEND' | 'SUBSCRIBE'
  /** Whole, above 0. */
  readonly count: number
  /** In ms; whole, above 0. */
  readonly perMs: number
  /** How much may come at once after a rest; whole, above 0. @default count */
  readonly burst?: number
  /** Counts frames with such destinations only: patterns as in `allow`. @default all frames, those without one too */
  readonly destinations?: readonly string[]
  /**
   * What happens beyond it. `slow`: nothing more is read of this session until there is room again; nothing is lost, and
   * silence is not judged meanwhile. `refuse`: a SEND or SUBSCRIBE gets STOMP_ERR_RATE_LIMIT, hard or soft as `refusals`
   * says; other commands are counted and taken all the same, since to refuse an ACK or a COMMIT would help nobody.
   * Nor is the renewal of credentials refused. @default 'slow'
   */
  readonly over?: 'slow' | 'refuse'
}

/**
 * Limits for each session, or a function that gives those of a user: asked once at CONNECT, with undefined for an
 * anonymous session. All limits count each frame.
 */
export type RateLimitOptions = readonly RateLimit[] | ((user: User | undefined) => readonly RateLimit[])

/**
 * One limit, ready to be counted by. The bucket is told as the time at which it will be full again: each unit takes
 * `unitMs` to come back, and there is room while less than `spareMs` are missing.
 */
export interface RateRule {
  readonly limit: RateLimit
  readonly isRefusing: boolean
  readonly unitMs: number
  readonly spareMs: number
  /** How many units the limit counts for a frame; 0: it is none of its. */
  cost(frame: Frame): number
}

/** Gives the rules of a user. Throws a TypeError or RangeError for limits that cannot be; at once, if they are a list. */
export function compileRateLimits(
  options: RateLimitOptions,
  syntax: DestinationSyntax,
): (user: User | undefined) => readonly RateRule[] {
  const compile = (limits: readonly RateLimit[]): readonly RateRule[] => limits.map((limit) => toRule(limit, syntax))
  if (typeof options !== 'function') {
    const rules = compile(options)
    return () => rules
  }
  // Most functions choose one of a few lists.
  const known = new WeakMap<readonly RateLimit[], readonly RateRule[]>()
  return (user) => {
    const limits = options(user)
    const rules = known.get(limits) ?? compile(limits)
    known.set(limits, rules)
    return rules
  }
}

/** Sums of times are not exact; of so much of a unit nobody can make use. */
const ROUNDING_MS = 1e-6

function toRule(limit: RateLimit, syntax: DestinationSyntax): RateRule {
  const { of, count, perMs, burst = count, destinations, over = 'slow' } = limit
  for (const [name, value] of Object.entries({ count, perMs, burst })) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`rateLimits: ${name} is a whole number above 0`)
  }
  if (over !== 'slow' && over !== 'refuse') throw new TypeError(`rateLimits: over is 'slow' or 'refuse', not '${over}'`)
  const unitMs = perMs / count
  return {
    limit,
    isRefusing: over === 'refuse',
    unitMs,
    spareMs: (burst - 1) * unitMs + ROUNDING_MS,
    cost: costOf(of, destinations && compilePatterns(destinations, syntax), syntax),
  }
}

function compilePatterns(patterns: readonly string[], syntax: DestinationSyntax): readonly (readonly string[])[] {
  return patterns.map((pattern) => {
    const segments = syntax.segments(pattern)
    if (segments === undefined) throw new TypeError(`rateLimits: '${pattern}' is not a destination pattern`)
    return segments
  })
}

function costOf(
  of: RateLimit['of'],
  patterns: readonly (readonly string[])[] | undefined,
  syntax: DestinationSyntax,
): RateRule['cost'] {
  const units = unitsOf(of)
  if (patterns === undefined) return units
  return (frame) => {
    const segments = syntax.segments(frame.headers.get('destination') ?? '')
    if (segments === undefined) return 0
    for (const pattern of patterns) if (covers(pattern, segments)) return units(frame)
    return 0
  }
}

function unitsOf(of: RateLimit['of']): RateRule['cost'] {
  switch (of) {
    case 'frames':
      return () => 1
    case 'bytes':
      return sizeOf
    case 'SEND':
    case 'SUBSCRIBE':
      return (frame) => (frame.command === of ? 1 : 0)
    default:
      throw new TypeError(`rateLimits: of is 'frames', 'bytes', 'SEND' or 'SUBSCRIBE', not '${of satisfies never}'`)
  }
}

function sizeOf({ headers, body }: Frame): number {
  let bytes = body.length
  for (const text of headers.flat) bytes += Buffer.byteLength(text)
  return bytes
}
