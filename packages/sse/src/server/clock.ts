/** Where time comes from. */
export interface LinkClock {
  /** Monotonic time in ms. */
  now(): number
  /** Calls `run` once, `delayMs` from now or a little later, never inside this call. Must not keep the process alive. */
  after(delayMs: number, run: () => void): LinkTimer
}

/** One thing that will happen once. */
export interface LinkTimer {
  /** Makes sure that it does not happen. Harmless when it has happened. */
  cancel(): void
}

/** The machine's own time. */
export const systemClock: LinkClock = {
  now: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
