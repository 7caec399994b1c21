import type { Scheduler } from './scheduler.js'

/** A promise of the protocol that was broken in a run. */
export class Violation extends Error {}

/** What a run has seen. */
export class Journal {
  readonly #scheduler: Scheduler
  readonly #keepsLines: boolean
  readonly lines: string[] = []
  violation: Violation | undefined
  /** How long it took, when the faults were over, until all was delivered and acknowledged. */
  restMs = 0
  readonly totals: Record<'up' | 'down' | 'links' | 'attaches' | 'resumes' | 'steps', number> = {
    up: 0,
    down: 0,
    links: 0,
    attaches: 0,
    resumes: 0,
    steps: 0,
  }
  readonly closeCodes: Map<string, number> = new Map()
  /** Messages, attaches and changes by what carried, and faults by kind. */
  readonly events: Map<string, number> = new Map()

  constructor(scheduler: Scheduler, keepsLines: boolean) {
    this.#scheduler = scheduler
    this.#keepsLines = keepsLines
  }

  readonly trace = (line: () => string): void => {
    if (this.#keepsLines) this.lines.push(`${this.#scheduler.now.toFixed(0).padStart(8)} ${line()}`)
  }

  /** Seen instead of a violation when messages were taken out of a connection. */
  hasDropped: () => boolean = () => false
  /** What was handed over wrongly for that cause. */
  breaches = 0

  /** The first one counts: what follows may follow from it. */
  violate(text: string): void {
    if (this.hasDropped()) {
      this.breaches++
      this.trace(() => `BREACH ${text}`)
      return
    }
    this.trace(() => `VIOLATION ${text}`)
    this.violation ??= new Violation(`${text} (at ${this.#scheduler.now.toFixed(0)} ms)`)
  }

  /** Runs what must not throw. */
  guard(what: string, run: () => void): void {
    try {
      run()
    } catch (error) {
      this.violate(`${what} threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    }
  }

  count(map: Map<string, number>, name: string): void {
    map.set(name, (map.get(name) ?? 0) + 1)
  }
}
