/**
 * The running route handlers of one session. They start in the order in which they are handed over; beyond the limit
 * they wait, and the session is asked to read no further.
 */
export interface Handlers {
  readonly isFull: boolean
  /** Starts one, now or when others have ended. It must not throw and its promise must not reject. */
  run(handler: () => Promise<void>): void
}

/** Who is told of a change. */
export interface ChangeListener {
  changed(): void
}

/** Makes them; `listener` is told whenever `isFull` may have changed. */
export function createHandlers(maxRunning: number, listener: ChangeListener): Handlers {
  return new RunningHandlers(maxRunning, listener)
}

class RunningHandlers implements Handlers {
  readonly #maxRunning: number
  readonly #listener: ChangeListener
  #waiting: (() => Promise<void>)[] | undefined
  #running = 0

  constructor(maxRunning: number, listener: ChangeListener) {
    this.#maxRunning = maxRunning
    this.#listener = listener
  }

  get isFull(): boolean {
    return this.#running >= this.#maxRunning
  }

  run(handler: () => Promise<void>): void {
    if (this.isFull) {
      this.#waiting ??= []
      this.#waiting.push(handler)
    } else this.#start(handler)
    this.#listener.changed()
  }

  #start(handler: () => Promise<void>): void {
    this.#running++
    handler().then(() => {
      this.#running--
      const next = this.#waiting?.shift()
      if (next !== undefined) this.#start(next)
      this.#listener.changed()
    })
  }
}
