/** Where time comes from. Everything that waits is given one of these, so that tests can hold time in their hands. */
export interface Clock {
  /** Monotonic time in ms; its zero means nothing. */
  now(): number
  /** Time of day in ms since the epoch; may jump. For times that clients name or that outlive the process. */
  epochMs(): number
  /** Calls `run` every `periodMs` until the returned function is called. Never keeps the process alive. */
  every(periodMs: number, run: () => void): () => void
  /** Calls `run` once, after the present turn of the event loop, in the order of the calls. */
  soon(run: () => void): void
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  every(periodMs, run) {
    const timer = setInterval(run, periodMs)
    timer.unref()
    return () => clearInterval(timer)
  },
  soon(run) {
    setImmediate(run)
  },
}
