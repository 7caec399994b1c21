import { type DestinationSyntax, isPattern } from '../destination/destination.js'
import type { AnyMessageRouteOptions, SendToUser } from './definition.js'
import { createFault } from './fault.js'
import type { RoutedMessage } from './frame-views.js'
import { isOneSegment, type Pattern } from './pattern.js'
import { disown } from './stray-promise.js'

/** The raw params of one matched destination. */
export type RawParams = Readonly<Record<string, string>>

/** Where a route publishes. */
export interface DestinationChoice {
  /** Fills in what depends on params only. Throws STOMP_ERR_PARAMS_INVALID. Undefined: `choose` decides. */
  resolve(params: RawParams): readonly string[] | undefined
  /** Asks the route's own function. Throws what it throws, and a TypeError for what is no destination. */
  choose(message: RoutedMessage): readonly string[]
}

type Fill = (params: RawParams) => string

/**
 * Compiles `sendTo`. Throws a TypeError for a destination that is not well-formed and for a placeholder that the pattern
 * does not have (or that may be absent).
 */
export function compileSendTo(
  sendTo: NonNullable<AnyMessageRouteOptions['sendTo']>,
  pattern: Pattern,
  syntax: DestinationSyntax,
): DestinationChoice {
  const check = (destination: unknown): string => checkDestination(destination, 'sendTo', syntax)
  if (typeof sendTo === 'function') {
    return {
      resolve: () => undefined,
      choose: (message) => {
        const chosen: unknown = sendTo(message)
        if (Array.isArray(chosen)) return chosen.map(check)
        disown(chosen)
        return [check(chosen)]
      },
    }
  }
  const fill = compileTemplates(typeof sendTo === 'string' ? [sendTo] : sendTo, 'sendTo', pattern, syntax)
  return { resolve: fill, choose: () => [] }
}

/** Where a route publishes for the sender. */
export interface UserChoice {
  /** Throws STOMP_ERR_PARAMS_INVALID. */
  resolve(params: RawParams): readonly UserTarget[]
}

/** What follows `/user`, and for which sessions of the sender. */
export interface UserTarget {
  readonly destination: string
  readonly audience: 'user' | 'session'
}

/** Compiles `sendToUser`. Throws a TypeError as {@link compileSendTo} does. */
export function compileSendToUser(
  sendToUser: NonNullable<AnyMessageRouteOptions['sendToUser']>,
  pattern: Pattern,
  syntax: DestinationSyntax,
): UserChoice {
  const listed = isList(sendToUser) ? sendToUser : [sendToUser]
  const targets = listed.map((each) => (typeof each === 'string' ? { destination: each } : each))
  const templates = targets.map(({ destination }) => destination)
  for (const template of templates) {
    if (typeof template === 'string' && syntax.isBelow(template, '/user')) {
      throw new TypeError(`sendToUser: write what follows /user, not '${template}'`)
    }
  }
  const fill = compileTemplates(templates, 'sendToUser', pattern, syntax)
  const audiences = targets.map(({ session = 'all' }) => {
    if (session !== 'all' && session !== 'sender') throw new TypeError("sendToUser: session is 'all' or 'sender'")
    return session === 'all' ? 'user' : 'session'
  })
  return {
    resolve: (params) => fill(params).map((destination, i) => ({ destination, audience: audiences[i] ?? 'user' })),
  }
}

function isList(given: SendToUser | readonly SendToUser[]): given is readonly SendToUser[] {
  return Array.isArray(given)
}

function checkDestination(destination: unknown, option: string, syntax: DestinationSyntax): string {
  const segments = typeof destination === 'string' ? syntax.segments(destination) : undefined
  if (typeof destination !== 'string' || segments === undefined || isPattern(segments)) {
    throw new TypeError(`${option}: '${String(destination)}' is not a destination`)
  }
  return destination
}

function compileTemplates(
  templates: readonly string[],
  option: string,
  pattern: Pattern,
  syntax: DestinationSyntax,
): (params: RawParams) => readonly string[] {
  if (templates.length === 0) throw new TypeError(`${option}: there is no destination in the list`)
  const fills = templates.map((template) => compileTemplate(template, option, pattern, syntax))
  // Any one segment does for a placeholder, to see whether the whole is well-formed.
  const sample = Object.fromEntries([...pattern.params].map((name) => [name, 'x']))
  for (const fill of fills) checkDestination(fill(sample), option, syntax)
  const [first] = fills
  if (first !== undefined && fills.length === 1) return (params) => [first(params)]
  return (params) => fills.map((fill) => fill(params))
}

function compileTemplate(template: string, option: string, pattern: Pattern, syntax: DestinationSyntax): Fill {
  if (typeof template !== 'string') throw new TypeError(`${option}: '${String(template)}' is not a destination`)
  const pieces: (string | Fill)[] = []
  let end = 0
  for (const match of template.matchAll(/:(:|\w*)/g)) {
    pieces.push(template.slice(end, match.index))
    end = match.index + match[0].length
    const name = match[1] ?? ''
    pieces.push(name === ':' ? ':' : placeholder(name, `${option}: '${template}'`, pattern, syntax))
  }
  pieces.push(template.slice(end))
  return (params) => pieces.map((piece) => (typeof piece === 'string' ? piece : piece(params))).join('')
}

function placeholder(name: string, where: string, pattern: Pattern, syntax: DestinationSyntax): Fill {
  if (name === pattern.optionalParam) {
    throw new TypeError(`${where} needs :${name}, which may be absent; use a function`)
  }
  if (!pattern.params.has(name)) {
    throw new TypeError(`${where} has :${name}, which is no param of the pattern (a colon is written ::)`)
  }
  return (params) => {
    const value = params[name] ?? ''
    if (!isOneSegment(value, syntax)) {
      throw createFault('params', `params/${name} must be one whole segment of a destination`, undefined)
    }
    return value
  }
}
