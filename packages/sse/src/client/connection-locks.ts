import type { ConnectionLocks } from './surroundings.js'

/** Of the six connections that a browser opens to one origin over HTTP/1.1, so many may be held over all tabs. */
const SEATS = 4

/** The parts of the global `navigator.locks` that are used. */
export interface LockManagerPart {
  request(
    name: string,
    options: { ifAvailable: true },
    run: (lock: unknown) => Promise<void> | undefined,
  ): Promise<unknown>
}

/** The parts of the global `performance` that are used. */
export interface TimingPart {
  getEntriesByType(type: 'resource'): { readonly name: string; readonly nextHopProtocol?: string }[]
}

/**
 * Seats for held requests, shared by all tabs through Web Locks. None is needed where requests share one connection: that
 * is known from Resource Timing, across origins only if the server allows it.
 */
export function createConnectionLocks(manager: LockManagerPart, timing: TimingPart | undefined): ConnectionLocks {
  return {
    async take(url) {
      if (isShared(url, timing)) return () => {}
      const origin = /^\w+:\/\/[^/]+/.exec(url)?.[0] ?? url
      for (let seat = 1; seat <= SEATS; seat++) {
        const release = await new Promise<(() => void) | undefined>((resolve, reject) => {
          // A lock is held until the promise settles; without one nothing is.
          const run = (lock: unknown) => (lock ? new Promise<void>(resolve) : void resolve(undefined))
          manager.request(`hoofbeat-${origin}-${seat}`, { ifAvailable: true }, run).catch(reject)
        })
        if (release) return release
      }
      return undefined
    },
  }
}

function isShared(url: string, timing: TimingPart | undefined): boolean {
  const entries = timing?.getEntriesByType('resource').filter(({ name }) => name.startsWith(url))
  return /^h[23]/.test(entries?.pop()?.nextHopProtocol ?? '')
}
