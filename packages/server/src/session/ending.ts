/** Who waits for the connection of one session to be gone. Made when the first one does: most sessions never need it. */
export class Ending {
  readonly #waiting: (() => void)[] = []
  #isGone = false

  /** Resolves when the connection is gone. */
  wait(): Promise<void> {
    if (this.#isGone) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** The connection is gone. */
  gone(): void {
    this.#isGone = true
    for (const resolve of this.#waiting) resolve()
  }
}
