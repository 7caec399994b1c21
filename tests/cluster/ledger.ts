/** A numbered message of one publisher; numbers begin at 1. */
export const textOf = (publisher: string, number: number): string => `${publisher}:${number}`

/** What is read in it; undefined: it is not one. */
export function read(text: string): { readonly publisher: string; readonly number: number } | undefined {
  const [, publisher, digits] = /^(.+):(\d+)$/.exec(text) ?? []
  return publisher === undefined ? undefined : { publisher, number: Number(digits) }
}

/** How many faults are worth reading. */
const MOST_FAULTS = 10

/** What one subscription to a topic was given, checked as it comes: nothing twice, and each publisher's in order. */
export class Reading {
  /** What was wrong, the first few of it. */
  readonly faults: string[] = []
  readonly #name: string
  readonly #taken = new Map<string, number[]>()

  /** `name`: for the faults. */
  constructor(name: string) {
    this.#name = name
  }

  take(text: string): void {
    const { publisher, number } = read(text) ?? {}
    if (publisher === undefined || number === undefined) return this.#blame(`is no numbered message: ${text}`)
    const taken = this.#taken.get(publisher) ?? []
    this.#taken.set(publisher, taken)
    const last = taken.at(-1) ?? 0
    if (number <= last) this.#blame(`${text} came after ${publisher}:${last}${taken.includes(number) ? ', twice' : ''}`)
    taken.push(number)
  }

  /** How many came, of all publishers. */
  get size(): number {
    return [...this.#taken.values()].reduce((sum, { length }) => sum + length, 0)
  }

  /** Which of these did not come. */
  missing(publisher: string, numbers: Iterable<number>): readonly string[] {
    const taken = new Set(this.#taken.get(publisher))
    return [...numbers].filter((number) => !taken.has(number)).map((number) => `${this.#name}: ${publisher}:${number}`)
  }

  #blame(fault: string): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push(`${this.#name}: ${fault}`)
  }
}

/** One copy of a message of a queue. */
export interface Copy {
  readonly messageId: string | undefined
  readonly isRedelivered: boolean
}

/**
 * What the consumers of one queue were given together: nothing twice, unless it is the same message by its id and one of the
 * copies says so.
 */
export class Consumed {
  readonly faults: string[] = []
  /** How many came again. */
  repeated = 0
  readonly #taken = new Map<string, Copy>()

  take(text: string, copy: Copy): void {
    const before = this.#taken.get(text)
    this.#taken.set(text, before?.isRedelivered ? before : copy)
    if (before === undefined) return
    this.repeated += 1
    if (before.messageId !== copy.messageId) this.#blame(`${text} came as ${before.messageId} and ${copy.messageId}`)
    if (!before.isRedelivered && !copy.isRedelivered) this.#blame(`${text} came twice, unmarked`)
  }

  get size(): number {
    return this.#taken.size
  }

  missing(publisher: string, numbers: Iterable<number>): readonly string[] {
    return [...numbers].map((number) => textOf(publisher, number)).filter((text) => !this.#taken.has(text))
  }

  #blame(fault: string): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push(fault)
  }
}

/** 1 to `count`. */
export const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1)
