/**
 * What the client takes from where it runs: every way out and every source of time and chance, so that a test can give
 * a network and a time of its own. In a browser, in Node and in React Native these are the globals.
 */
export interface Surroundings {
  /** Monotonic time in ms. */
  now(): number
  /** Calls `run` once, `delayMs` from now; returns what takes it back. */
  after(delayMs: number, run: () => void): () => void
  /** Calls `run` in a task of its own, in the order of calls, without the delay of a timer. Absent: `after(0, run)`. */
  soon?(run: () => void): void
  /** At least 0, below 1. */
  random(): number
  readonly fetch: typeof globalThis.fetch | undefined
  /** False where the body of a reply cannot be read as it comes (React Native): there is no stream then. @default true */
  readonly canStream?: boolean
  readonly WebSocket: (new (url: string, protocols: string[]) => CarrierSocket) | undefined
  /** Signs that the network or the page may have changed. Returns what stops the watch. Absent: none are known. */
  watch?(told: (sign: Sign) => void): () => void
  /** Runs `work` while one of the page's few connections is held for it. Absent: no guard is needed. */
  readonly locks?: ConnectionLocks
  /** Remembers between pages of a tab which rung worked. Never a key. Absent: nothing is remembered. */
  readonly memory?: RungMemory
}

/** `suspended`: a timer came far too late. `left`: the page is being left and may not come back. */
export type Sign = 'online' | 'offline' | 'visible' | 'restored' | 'suspended' | 'left'

/** As much of a WebSocket as the client uses. */
export interface CarrierSocket {
  binaryType: string
  readonly protocol: string
  readonly bufferedAmount: number
  onopen: ((event: unknown) => void) | null
  onmessage: ((event: { readonly data: unknown }) => void) | null
  onclose: ((event: { readonly code?: number; readonly reason?: string }) => void) | null
  onerror: ((event: unknown) => void) | null
  send(data: string | Uint8Array): void
  close(code?: number, reason?: string): void
}

/** One of at most four connections that stay open per origin, over all tabs. */
export interface ConnectionLocks {
  /** Resolves with what gives it back, or with undefined if all are taken. `url` is the endpoint's. */
  take(url: string): Promise<(() => void) | undefined>
}

/** Which rung worked last. */
export interface RungMemory {
  get(url: string): string | undefined
  set(url: string, rung: string): void
}
