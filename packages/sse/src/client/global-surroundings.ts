import { createConnectionLocks } from './connection-locks.js'
import { watchPage } from './page-watch.js'
import { createRungMemory } from './rung-memory.js'
import type { Surroundings } from './surroundings.js'
import { createTasks } from './tasks.js'

/** What may be used instead of the globals. */
export interface GlobalChoices {
  readonly fetch?: typeof globalThis.fetch
  readonly WebSocket?: typeof globalThis.WebSocket
}

/** The globals of a browser page, a worker, Node or React Native, as far as they are there. */
export function globalSurroundings(choices: GlobalChoices): Surroundings {
  const { fetch = globalThis.fetch, WebSocket = globalThis.WebSocket } = choices
  const { document, navigator, performance, Response, TextDecoder }: Partial<typeof globalThis> = globalThis
  // Only browsers share few connections among pages.
  const manager = document || 'WorkerGlobalScope' in globalThis ? navigator?.locks : undefined
  return {
    now: () => (performance ?? Date).now(),
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
    soon: createTasks(),
    random: Math.random,
    // Called as methods of another object both would throw.
    fetch: fetch && ((input, init) => fetch(input, init)),
    // The type of the global one says more of `this` and of events than a carrier needs.
    WebSocket: WebSocket as unknown as Surroundings['WebSocket'],
    canStream: Boolean(choices.fetch || (Response && 'body' in Response.prototype && TextDecoder)),
    watch: (told) => watchPage(told, globalThis),
    ...(manager && { locks: createConnectionLocks(manager, performance) }),
    memory: createRungMemory(() => globalThis.sessionStorage, Date.now),
  }
}
