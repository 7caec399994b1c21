import { createConnectionLocks } from './connection-locks.js'
import { watchPage } from './page-watch.js'
import { createRungMemory } from './rung-memory.js'
import type { ConnectionLocks, RungMemory, Surroundings } from './surroundings.js'
import { createTasks } from './tasks.js'

/** What may be used instead of the globals. */
export interface GlobalChoices {
  readonly fetch?: typeof globalThis.fetch
  readonly WebSocket?: typeof globalThis.WebSocket
}

/** The globals of a browser page, a worker, Node or React Native, as far as they are there. */
export function globalSurroundings(choices: GlobalChoices): Surroundings {
  const { fetch = globalThis.fetch, WebSocket = globalThis.WebSocket } = choices
  const isBrowser = typeof document !== 'undefined' || 'WorkerGlobalScope' in globalThis
  const locks = isBrowser ? pageLocks() : undefined
  const memory = pageMemory()
  return {
    now: typeof performance === 'undefined' ? () => Date.now() : () => performance.now(),
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
    soon: createTasks(),
    random: Math.random,
    // Called as methods of another object both would throw.
    fetch: typeof fetch === 'function' ? (input, init) => fetch(input, init) : undefined,
    // The type of the global one says more of `this` and of events than a carrier needs.
    WebSocket:
      typeof WebSocket === 'function' ? (WebSocket as unknown as NonNullable<Surroundings['WebSocket']>) : undefined,
    canStream:
      choices.fetch !== undefined ||
      (typeof Response === 'function' && 'body' in Response.prototype && typeof TextDecoder === 'function'),
    watch: (told) => watchPage(told, globalThis),
    ...(locks && { locks }),
    ...(memory && { memory }),
  }
}

/** Only browsers share few connections among pages. */
function pageLocks(): ConnectionLocks | undefined {
  const manager = typeof navigator === 'undefined' ? undefined : navigator.locks
  return manager && createConnectionLocks(manager, typeof performance === 'undefined' ? undefined : performance)
}

function pageMemory(): RungMemory | undefined {
  try {
    // Reading the name alone throws where storage is forbidden.
    const storage = typeof sessionStorage === 'undefined' ? undefined : sessionStorage
    return storage && createRungMemory(storage, () => Date.now())
  } catch {
    return undefined
  }
}
