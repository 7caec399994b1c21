import { covers, type DestinationSyntax, isPattern } from '../destination/destination.js'
import { touches } from './touching.js'
import type { User } from './user.js'

/**
 * Which broker destinations clients may use. Patterns: `*` is one segment, `**` the rest (also none), `{user}` one
 * segment that names the session's own user, as in `/user/<name>/...`: percent-encoded. A rule below the application
 * prefix is refused when the plugin is registered: message routes have hooks and schemas of their own.
 */
export interface AllowOptions {
  /** Broker destinations to which clients may SEND. @default [] (only the application publishes) */
  readonly send?: readonly AllowRule[]
  /**
   * Broker destinations to which clients may SUBSCRIBE. A wildcard subscription is allowed only if one pattern covers
   * all it can mean. A session's own `/user/**` and `/temp-queue/**` need no rule. @default every topic by its exact
   * name, no wildcards, no queues
   */
  readonly subscribe?: readonly AllowRule[]
}

/**
 * What is denied although a rule allows it; or all the same where nothing is allowed by rules. Patterns as in `allow`,
 * without `{user}`. A wildcard subscription is denied if it means anything that a pattern here means.
 */
export interface DenyOptions {
  /** Broker destinations to which clients may not SEND. @default [] */
  readonly send?: readonly DenyRule[]
  /** Broker destinations to which clients may not SUBSCRIBE. @default [] */
  readonly subscribe?: readonly DenyRule[]
}

/** A pattern for everybody, or one for some. */
export type AllowRule =
  | string
  | {
      readonly destination: string
      /** Only those for whom it returns true. */
      readonly when: UserCondition
    }

/** A pattern for everybody, or one with exceptions. */
export type DenyRule =
  | string
  | {
      readonly destination: string
      /** All but those for whom it returns true. */
      readonly unless: UserCondition
    }

/**
 * Asked for each SEND and SUBSCRIBE that the pattern is about; `user` is undefined for an anonymous session. Only `true`
 * is true: no other value, and no promise. What must be waited for belongs into a hook.
 */
export type UserCondition = (user: User | undefined) => boolean

/** The rules, ready to be asked for each frame. Segments come from the one syntax of the application. */
export interface Rules {
  /** False where the same user may be judged otherwise for the next frame. */
  readonly areLasting: boolean
  maySend(segments: readonly string[], user: User | undefined): boolean
  /** `isQueue`: what the broker says of the destination; it counts where no rule was given. */
  maySubscribe(segments: readonly string[], user: User | undefined, isQueue: boolean): boolean
}

/** What rules are made of. */
export interface RulesParts {
  readonly allow: AllowOptions
  readonly deny: DenyOptions
  readonly applicationPrefix: string
  readonly syntax: DestinationSyntax
}

interface CompiledRule {
  readonly segments: readonly string[]
  /** Where the segment that names the user stands; below 0: nowhere. */
  readonly userAt: number
  readonly condition: UserCondition | undefined
}

const USER = '{user}'

/** Compiles rules. Throws a TypeError for a pattern that is not well-formed, or that would never be asked. */
export function compileRules({ allow, deny, applicationPrefix, syntax }: RulesParts): Rules {
  const compile = (option: 'allow' | 'deny', pattern: string, condition?: UserCondition): CompiledRule => {
    const segments = syntax.segments(pattern)
    if (segments === undefined) throw new TypeError(`${option}: '${pattern}' is not a destination pattern`)
    if (syntax.isBelow(pattern, applicationPrefix)) {
      throw new TypeError(
        `${option}: '${pattern}' lies below '${applicationPrefix}', where rules are not asked: give the route a hook`,
      )
    }
    checkBraces(segments, option, pattern)
    return { segments, userAt: segments.indexOf(USER), condition }
  }
  const allowed = (rule: AllowRule): CompiledRule => {
    if (typeof rule === 'string') return compile('allow', rule)
    checkCondition(rule.when, 'allow', 'when', rule.destination)
    return compile('allow', rule.destination, rule.when)
  }
  const denied = (rule: DenyRule): CompiledRule => {
    if (typeof rule === 'string') return compile('deny', rule)
    checkCondition(rule.unless, 'deny', 'unless', rule.destination)
    return compile('deny', rule.destination, rule.unless)
  }
  const send = { allow: (allow.send ?? []).map(allowed), deny: (deny.send ?? []).map(denied) }
  const subscribe = { allow: allow.subscribe?.map(allowed), deny: (deny.subscribe ?? []).map(denied) }
  const all = [...send.allow, ...send.deny, ...(subscribe.allow ?? []), ...subscribe.deny]
  return {
    areLasting: all.every(({ condition }) => condition === undefined),
    maySend: (segments, user) => isAllowed(send.allow, segments, user) && !isDenied(send.deny, segments, user),
    maySubscribe(segments, user, isQueue) {
      const isOpen =
        subscribe.allow === undefined ? !isQueue && !isPattern(segments) : isAllowed(subscribe.allow, segments, user)
      return isOpen && !isDenied(subscribe.deny, segments, user)
    },
  }
}

/** Without types one may have written the other word: a rule for some would then be one for everybody. */
function checkCondition(condition: unknown, option: 'allow' | 'deny', name: string, pattern: string): void {
  if (typeof condition === 'function') return
  throw new TypeError(`${option}: '${pattern}' needs a function '${name}'; a rule for everybody is the pattern alone`)
}

/** Braces that mean something elsewhere would be taken literally here, which nobody who writes them expects. */
function checkBraces(segments: readonly string[], option: 'allow' | 'deny', pattern: string): void {
  const braced = segments.filter((segment) => /[{}]/.test(segment))
  if (braced.length === 0) return
  if (option === 'deny') throw new TypeError(`deny: '${pattern}' may have no braces`)
  if (braced.length === 1 && braced[0] === USER) return
  throw new TypeError(`allow: '${pattern}' may have braces once, as the segment ${USER}`)
}

function isAllowed(rules: readonly CompiledRule[], subject: readonly string[], user: User | undefined): boolean {
  for (const { segments, userAt, condition } of rules) {
    const isCovered = userAt < 0 ? covers(segments, subject) : coversOwn(segments, userAt, subject, user)
    if (isCovered && (condition === undefined || condition(user) === true)) return true
  }
  return false
}

function isDenied(rules: readonly CompiledRule[], subject: readonly string[], user: User | undefined): boolean {
  for (const { segments, condition } of rules) {
    if (touches(segments, subject) && condition?.(user) !== true) return true
  }
  return false
}

function coversOwn(
  segments: readonly string[],
  userAt: number,
  subject: readonly string[],
  user: User | undefined,
): boolean {
  const named = subject[userAt]
  if (user === undefined || named === undefined || !isNameOf(named, user.name)) return false
  return covers(
    segments.map((segment, at) => (at === userAt ? named : segment)),
    subject,
  )
}

/** Each segment names one user at the most. A wildcard names none, even where a user is called so. */
function isNameOf(segment: string, name: string): boolean {
  if (isPattern([segment])) return false
  try {
    return decodeURIComponent(segment) === name
  } catch {
    return false
  }
}
