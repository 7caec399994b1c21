import { covers, type DestinationSyntax, isPattern } from '../destination/destination.js'

/**
 * Which broker destinations clients may use. Patterns: `*` is one segment, `**` the rest (also none). Message routes
 * under the application prefix need no rule: their own hooks and schemas guard them.
 */
export interface AllowOptions {
  /** Broker destinations to which clients may SEND. @default [] (only the application publishes) */
  readonly send?: readonly string[]
  /**
   * Broker destinations to which clients may SUBSCRIBE. A wildcard subscription is allowed only if one pattern covers
   * all it can mean. A session's own `/user/**` and `/temp-queue/**` need no rule. @default every topic by its exact
   * name, no wildcards, no queues
   */
  readonly subscribe?: readonly string[]
}

/** The rules, ready to be asked for each frame. Segments come from the one syntax of the application. */
export interface Rules {
  maySend(segments: readonly string[]): boolean
  /** `isQueue`: what the broker says of the destination; it counts where no rule was given. */
  maySubscribe(segments: readonly string[], isQueue: boolean): boolean
}

/** Compiles rules. Throws a TypeError for a pattern that is not well-formed. */
export function compileRules(allow: AllowOptions, syntax: DestinationSyntax): Rules {
  const compile = (patterns: readonly string[]): (readonly string[])[] =>
    patterns.map((pattern) => {
      const segments = syntax.segments(pattern)
      if (segments === undefined) throw new TypeError(`allow: '${pattern}' is not a destination pattern`)
      return segments
    })
  const send = compile(allow.send ?? [])
  const subscribe = allow.subscribe && compile(allow.subscribe)
  return {
    maySend: (segments) => send.some((pattern) => covers(pattern, segments)),
    maySubscribe: (segments, isQueue) =>
      subscribe === undefined
        ? !isQueue && !isPattern(segments)
        : subscribe.some((pattern) => covers(pattern, segments)),
  }
}
