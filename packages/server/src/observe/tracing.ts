import { type Headers, headersFromFlat } from '@hoofbeat/codec'
import type { HandlerWatch } from './handler-watch.js'

/** Takes trace context out of headers and puts it into others; `openTelemetry()` makes one. */
export interface Tracing extends HandlerWatch {
  /**
   * What carries the active context on, as headers: `traceparent` and what belongs to it, names and values in turn. Empty
   * where there is no context.
   */
  outgoing(): readonly string[]
  /** Keeps the context that is active now: what is given to the result runs in it, whenever that is. */
  keep(): KeptContext
}

/** Calls `run` in a context that was kept. */
export type KeptContext = <T>(run: () => T) => T

/** These headers and, where they do not say so themselves, what carries the context on. */
export function withContext(headers: Headers, outgoing: readonly string[]): Headers {
  // Names and values belong together: a context of somebody else's is kept whole.
  for (let i = 0; i < outgoing.length; i += 2) if (headers.has(outgoing[i] ?? '')) return headers
  return outgoing.length === 0 ? headers : headersFromFlat([...headers.flat, ...outgoing])
}
