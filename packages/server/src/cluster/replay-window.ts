/** So many numbers below the highest may come late. */
const SIZE = 65_536

/** Knows which numbers of one sender it has taken: each is taken once, and none that is older than the window. */
export class ReplayWindow {
  readonly #seen = new Uint8Array(SIZE / 8)
  #highest = 0

  /** False: it was taken before, or it is too old to say. */
  take(number: number): boolean {
    if (!Number.isSafeInteger(number) || number < 1 || number <= this.#highest - SIZE) return false
    if (number > this.#highest) {
      if (number - this.#highest >= SIZE) this.#seen.fill(0)
      else for (let passed = this.#highest + 1; passed <= number; passed++) this.#set(passed, false)
      this.#highest = number
    } else if (this.#has(number)) return false
    this.#set(number, true)
    return true
  }

  #has(number: number): boolean {
    return ((this.#seen[(number % SIZE) >> 3] ?? 0) & (1 << (number & 7))) !== 0
  }

  #set(number: number, isSeen: boolean): void {
    const at = (number % SIZE) >> 3
    const bit = 1 << (number & 7)
    const byte = this.#seen[at] ?? 0
    this.#seen[at] = isSeen ? byte | bit : byte & ~bit
  }
}
