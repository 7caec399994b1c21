import { type DestinationSyntax, isPattern } from '../destination/destination.js'
import type { AnyMessageRouteOptions, RoutedMessage } from './definition.js'
import { createFault } from './fault.js'
import { isOneSegment, type Pattern } from './pattern.js'

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
  const check = (destination: unknown): string => {
    const segments = typeof destination === 'string' ? syntax.segments(destination) : undefined
    if (typeof destination !== 'string' || segments === undefined || isPattern(segments)) {
      throw new TypeError(`sendTo: '${String(destination)}' is not a destination`)
    }
    return destination
  }
  if (typeof sendTo === 'function') {
    return {
      resolve: () => undefined,
      choose: (message) => {
        const chosen = sendTo(message)
        return typeof chosen === 'string' ? [check(chosen)] : chosen.map(check)
      },
    }
  }
  const templates = typeof sendTo === 'string' ? [sendTo] : [...sendTo]
  if (templates.length === 0) throw new TypeError('sendTo: there is no destination in the list')
  const fills = templates.map((template) => compileTemplate(template, pattern, syntax))
  // Any one segment does for a placeholder, to see whether the whole is well-formed.
  const sample = Object.fromEntries([...pattern.params].map((name) => [name, 'x']))
  for (const fill of fills) check(fill(sample))
  return { resolve: (params) => fills.map((fill) => fill(params)), choose: () => [] }
}

function compileTemplate(template: string, pattern: Pattern, syntax: DestinationSyntax): Fill {
  const pieces: (string | Fill)[] = []
  let end = 0
  for (const match of template.matchAll(/:(:|\w*)/g)) {
    pieces.push(template.slice(end, match.index))
    end = match.index + match[0].length
    const name = match[1] ?? ''
    pieces.push(name === ':' ? ':' : placeholder(name, template, pattern, syntax))
  }
  pieces.push(template.slice(end))
  return (params) => pieces.map((piece) => (typeof piece === 'string' ? piece : piece(params))).join('')
}

function placeholder(name: string, template: string, pattern: Pattern, syntax: DestinationSyntax): Fill {
  if (name === pattern.optionalParam) {
    throw new TypeError(`sendTo: '${template}' needs :${name}, which may be absent; use a function`)
  }
  if (!pattern.params.has(name)) {
    throw new TypeError(`sendTo: '${template}' has :${name}, which is no param of the pattern (a colon is written ::)`)
  }
  return (params) => {
    const value = params[name] ?? ''
    if (!isOneSegment(value, syntax)) {
      throw createFault('params', `params/${name} must be one whole segment of a destination`, undefined)
    }
    return value
  }
}
