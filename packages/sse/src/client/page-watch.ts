import type { Sign } from './surroundings.js'

/**
 * The parts of the global scope that tell of the page and the network; each may be missing: React Native has a global
 * scope without events, a worker has no document.
 */
export interface PageScope extends EventScope {
  readonly document?: EventScope & { readonly visibilityState?: string }
}

interface EventScope {
  addEventListener?(type: string, listener: (event: PageEvent) => void): void
  removeEventListener?(type: string, listener: (event: PageEvent) => void): void
}

interface PageEvent {
  readonly type: string
  readonly persisted?: boolean
}

const TICK_MS = 5_000
/** Hidden pages have their timers slowed to one a minute, which is no suspension. */
const HIDDEN_MS = 70_000

/** Tells signs that network or page may have changed. Returns what ends the watch. */
export function watchPage(
  told: (sign: Sign) => void,
  scope: PageScope,
  wallClock: () => number = () => Date.now(),
): () => void {
  const { document } = scope
  const listener = ({ type, persisted }: PageEvent) => {
    if (type === 'online' || type === 'offline') told(type)
    else if (type === 'pageshow' && persisted) told('restored')
    else if (type === 'pagehide' && !persisted) told('left')
    else if (type === 'visibilitychange' && document?.visibilityState === 'visible') told('visible')
  }
  const each = (change: 'addEventListener' | 'removeEventListener') => {
    for (const type of ['online', 'offline', 'pageshow', 'pagehide']) scope[change]?.(type, listener)
    document?.[change]?.('visibilitychange', listener)
  }
  each('addEventListener')

  // Not the monotonic clock: in some places it stands still while the machine sleeps.
  let tickedAt = wallClock()
  const timer = setInterval(() => {
    const lateMs = wallClock() - tickedAt - TICK_MS
    tickedAt = wallClock()
    if (lateMs > (document?.visibilityState === 'hidden' ? HIDDEN_MS : TICK_MS)) told('suspended')
  }, TICK_MS) as number | { unref?(): void }
  // In Node a link keeps the process alive by its sockets, not by this.
  if (typeof timer === 'object') timer.unref?.()
  return () => {
    clearInterval(timer as ReturnType<typeof setInterval>)
    each('removeEventListener')
  }
}
