interface Timer {
  readonly dueMs: number
  readonly run: () => void
}

/** The time of a broker, and the turns of its event loop: both stand still until they are moved. */
export class Timeline {
  nowMs = 0
  #soon: (() => void)[] = []
  #timers: Timer[] = []

  get isTurnDue(): boolean {
    return this.#soon.length > 0
  }

  soon(run: () => void): void {
    this.#soon.push(run)
  }

  after(delayMs: number, run: () => void): { cancel(): void } {
    const timer = { dueMs: this.nowMs + delayMs, run }
    this.#timers.push(timer)
    return { cancel: () => this.#cancel(timer) }
  }

  turn(): void {
    for (const run of this.#soon.splice(0)) run()
  }

  advance(ms: number): void {
    const endMs = this.nowMs + ms
    this.nowMs = endMs
    for (;;) {
      const due = this.#timers.find(({ dueMs }) => dueMs <= endMs)
      if (due === undefined) return
      this.#cancel(due)
      due.run()
    }
  }

  /** Forgets what was to come; the time of day stays. */
  clear(): void {
    this.#soon = []
    this.#timers = []
  }

  #cancel(timer: Timer): void {
    this.#timers = this.#timers.filter((each) => each !== timer)
  }
}
