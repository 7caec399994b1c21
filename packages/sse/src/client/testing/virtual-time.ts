/** Time that passes only when told, so that tests of long times are short and always the same. */
export class VirtualTime {
  #now = 1_000
  #timers: { readonly at: number; readonly order: number; readonly run: () => void }[] = []
  #order = 0

  readonly now = (): number => this.#now

  readonly after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.length
  }

  /** Lets so much time pass, with all that is due in it, and all promises that are settled by it. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms
    await settled()
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
      await settled()
    }
    this.#now = until
  }

  /** The machine sleeps: time passes, and no timer runs until it wakes. */
  sleep(ms: number): void {
    this.#now += ms
  }
}

/** Waits for all promises that need no time. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await Promise.resolve()
}
