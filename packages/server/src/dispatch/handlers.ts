/**
 * The running route handlers of one session. They start in the order in which they are handed over; beyond the limit
 * they wait, and the session is asked to read no further.
 */
export interface Handlers {
  readonly isFull: boolean
  /** Starts one, now or when others have ended. It must not throw and its promise must not reject. */
  run(handler: () => Promise<void>): void
}

/** Makes them; `changed` is told whenever `isFull` may have changed. */
export function createHandlers(maxRunning: number, changed: () => void): Handlers {
  const waiting: (() => Promise<void>)[] = []
  let running = 0
  const start = (handler: () => Promise<void>): void => {
    running++
    handler().then(() => {
      running--
      const next = waiting.shift()
      if (next !== undefined) start(next)
      changed()
    })
  }
  return {
    get isFull() {
      return running >= maxRunning
    },
    run(handler) {
      if (running < maxRunning) start(handler)
      else waiting.push(handler)
      changed()
    },
  }
}
