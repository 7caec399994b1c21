/** How many there are of each name; names with none are not kept. */
export class Tally {
  readonly #counts = new Map<string, number>()

  /** Counts one more, unless there are `max`: false. */
  add(name: string, max: number): boolean {
    const count = this.#counts.get(name) ?? 0
    if (count >= max) return false
    this.#counts.set(name, count + 1)
    return true
  }

  /** Counts one less. */
  remove(name: string): void {
    const count = this.#counts.get(name) ?? 0
    if (count > 1) this.#counts.set(name, count - 1)
    else this.#counts.delete(name)
  }
}
