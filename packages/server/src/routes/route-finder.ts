import type { Frame } from '@hoofbeat/codec'
import FindMyWay from 'find-my-way'
import { type Pattern, routerPath } from './pattern.js'
import type { RawParams } from './send-to.js'

/** What was registered under the pattern that a path has matched. */
export interface Found<Target> {
  readonly target: Target
  /** The params, each exactly as the client wrote it in the frame's destination. A new object for each call. */
  params(frame: Frame): RawParams
}

/** Patterns and what stands behind them. Case-sensitive; every slash counts. */
export interface RouteFinder<Target> {
  /** Throws a TypeError if a pattern that matches the same paths is there already. */
  add(pattern: Pattern, target: Target): void
  /** The most specific match, as Fastify finds it. `path` has each segment percent-encoded. */
  find(path: string): Found<Target> | undefined
}

/** Makes a finder on Fastify's own router. */
export function createRouteFinder<Target>(): RouteFinder<Target> {
  // The codec's limit on a header line bounds the length of a param.
  const router = FindMyWay({ maxParamLength: Number.MAX_SAFE_INTEGER })
  return {
    add(pattern, target) {
      for (const path of pattern.paths) {
        if (router.hasRoute('GET', path)) throw new TypeError('a route with this pattern is declared already')
      }
      for (const path of pattern.paths) router.on('GET', path, () => undefined, target)
    },
    find(path) {
      const wanted = routerPath(path)
      if (wanted === undefined) return undefined
      const found = router.find('GET', wanted)
      if (found === null) return undefined
      const target: Target = found.store
      return { target, params: (frame) => readParams(found.params, frame) }
    },
  }
}

function readParams(found: Readonly<Record<string, string | undefined>>, frame: Frame): RawParams {
  const params: Record<string, string> = {}
  for (const name of Object.keys(found)) {
    const value = found[name] ?? ''
    params[name] = name === '*' ? endOfDestination(frame, value.length) : value
  }
  return params
}

// The router divides segments by `/` alone. What a wildcard has matched is the end of the destination, where the client's
// own separators stand; decoding has made both equally long.
function endOfDestination(frame: Frame, length: number): string {
  const destination = frame.headers.get('destination') ?? ''
  return destination.slice(destination.length - length)
}
