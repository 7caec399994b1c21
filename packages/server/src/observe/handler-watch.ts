import type { Headers } from '@hoofbeat/codec'

/** One call of a route's handler. */
export interface HandlerCall {
  /** The route's pattern with the prefix of its plugin, as in `/hello/:room`. */
  readonly route: string
  readonly command: 'SEND' | 'SUBSCRIBE'
  readonly destination: string
  /** Of the frame that is handled. */
  readonly headers: Headers
  readonly bodyBytes: number
  readonly session: string
  /** Undefined for an anonymous session. */
  readonly user: string | undefined
}

/** Stands around the handlers of routes, to measure or to trace them. */
export interface HandlerWatch {
  /** Calls `run` before it returns, and settles as that does. */
  around<T>(call: HandlerCall, run: () => Promise<T>): Promise<T>
}

/** One within the other; undefined where there is none. */
export function joinWatches(watches: readonly (HandlerWatch | undefined)[]): HandlerWatch | undefined {
  let joined: HandlerWatch | undefined
  for (const inner of watches) {
    const outer = joined
    if (outer === undefined || inner === undefined) joined = outer ?? inner
    else joined = { around: (call, run) => outer.around(call, () => inner.around(call, run)) }
  }
  return joined
}
