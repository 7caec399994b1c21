import type { Sign } from './surroundings.js'

/** The parts of the global scope that tell of the page and the network; each may be missing. */
export interface PageScope {
  addEventListener?: unknown
  removeEventListener?: unknown
  document?: unknown
}

interface Target {
  addEventListener(type: string, listener: (event: { readonly persisted?: boolean }) => void): void
  removeEventListener(type: string, listener: (event: { readonly persisted?: boolean }) => void): void
  readonly visibilityState?: string
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
  const page = targetOf(scope)
  const document = targetOf(scope.document)
  const ends: (() => void)[] = []
  const listen = (
    target: Target | undefined,
    type: string,
    sign: (event: { readonly persisted?: boolean }) => Sign | undefined,
  ) => {
    if (target === undefined) return
    const listener = (event: { readonly persisted?: boolean }) => {
      const found = sign(event)
      if (found !== undefined) told(found)
    }
    target.addEventListener(type, listener)
    ends.push(() => target.removeEventListener(type, listener))
  }
  listen(page, 'online', () => 'online')
  listen(page, 'offline', () => 'offline')
  if (document !== undefined) {
    listen(page, 'pageshow', (event) => (event.persisted ? 'restored' : undefined))
    listen(page, 'pagehide', (event) => (event.persisted ? undefined : 'left'))
    listen(document, 'visibilitychange', () => (document.visibilityState === 'visible' ? 'visible' : undefined))
  }

  // Not the monotonic clock: in some places it stands still while the machine sleeps.
  let tickedAt = wallClock()
  const timer: unknown = setInterval(() => {
    const lateMs = wallClock() - tickedAt - TICK_MS
    tickedAt = wallClock()
    if (lateMs > (document?.visibilityState === 'hidden' ? HIDDEN_MS : TICK_MS)) told('suspended')
  }, TICK_MS)
  // In Node a link keeps the process alive by its sockets, not by this.
  if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
    timer.unref()
  ends.push(() => clearInterval(timer as ReturnType<typeof setInterval>))
  return () => {
    for (const end of ends.splice(0)) end()
  }
}

/** React Native has a global scope without events; a worker has no document. */
function targetOf(value: unknown): Target | undefined {
  const target = value as Partial<Target> | undefined
  return typeof target?.addEventListener === 'function' ? (target as Target) : undefined
}
