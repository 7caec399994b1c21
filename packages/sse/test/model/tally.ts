import type { Journal } from './journal.js'

/** Sums over many runs. */
export class Tally {
  #runs = 0
  readonly #rests: number[] = []
  readonly #totals: Record<string, number> = {}
  readonly #closeCodes: Record<string, number> = {}
  readonly #events: Record<string, number> = {}

  get messages(): number {
    return Math.min(this.#totals.up ?? 0, this.#totals.down ?? 0)
  }

  add(journal: Journal): void {
    this.#runs++
    this.#rests.push(journal.restMs)
    for (const [name, count] of Object.entries(journal.totals)) this.#totals[name] = (this.#totals[name] ?? 0) + count
    for (const [name, count] of journal.closeCodes) this.#closeCodes[name] = (this.#closeCodes[name] ?? 0) + count
    for (const [name, count] of journal.events) this.#events[name] = (this.#events[name] ?? 0) + count
  }

  text(): string {
    const line = (title: string, counts: Record<string, number>): string =>
      `${title}: ${Object.entries(counts)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')}`
    const rests = this.#rests.toSorted((one, other) => one - other)
    const rest = (share: number): string =>
      `${Math.round((rests[Math.floor(share * (rests.length - 1))] ?? 0) / 1_000)} s`
    return [
      `runs: ${this.#runs}`,
      `at rest after the faults: half within ${rest(0.5)}, 99 of 100 within ${rest(0.99)}, all within ${rest(1)}`,
      line('totals', this.#totals),
      line('ends', this.#closeCodes),
      line('events', this.#events),
    ].join('\n')
  }
}
