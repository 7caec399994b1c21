import { setTimeout as after } from 'node:timers/promises'

/** Calls `act` with 1 to `count`, evenly over `durationMs`; resolves when all calls were made. */
export async function paced(count: number, durationMs: number, act: (number: number) => void): Promise<void> {
  const beginMs = performance.now()
  for (let number = 1; number <= count; number += 1) {
    const waitMs = beginMs + (durationMs * number) / count - performance.now()
    if (waitMs > 1) await after(waitMs)
    act(number)
  }
}

/** Does one thing after the other, in the order of the calls. */
export class Lane {
  #last: Promise<unknown> = Promise.resolve()

  add(act: () => Promise<unknown>): void {
    this.#last = this.#last.then(act)
    // Told by `done`.
    this.#last.catch(() => {})
  }

  /** Resolves when all was done; rejects with the first failure. */
  async done(): Promise<void> {
    await this.#last
  }
}
