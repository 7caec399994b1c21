/** What one order to disconnect comes to on the other nodes. */
export class DisconnectRound {
  /** How many sessions have ended there, as far as was told before the round was over. */
  readonly sum: Promise<number>
  readonly #isForOne: boolean
  readonly #nodes: () => readonly string[]
  readonly #answered: Set<string>
  #count = 0
  #resolve: (count: number) => void = () => {}

  /** `isForOne`: there is one session at most. `nodes`: those that are there. */
  constructor(isForOne: boolean, nodes: () => readonly string[], self: string) {
    this.#isForOne = isForOne
    this.#nodes = nodes
    this.#answered = new Set([self])
    this.sum = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  answered(from: string, count: number): void {
    if (this.#answered.has(from)) return
    this.#answered.add(from)
    this.#count += count
    if (this.#isForOne && count > 0) this.end()
    else this.look()
  }

  /** Ends when all that are there have answered. */
  look(): void {
    if (this.#nodes().every((id) => this.#answered.has(id))) this.end()
  }

  end(): void {
    this.#resolve(this.#count)
  }
}
