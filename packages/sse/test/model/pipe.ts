import type { Cancel, Scheduler } from './scheduler.js'

/** What a pipe is made of. */
export interface PipeParts<T> {
  readonly scheduler: Scheduler
  /** Whose happening an arrival is. */
  readonly owner: string
  /** Time under way of the next item. */
  delayMs(): number
  /** How fast bytes pass. */
  bytesPerMs(): number
  sizeOf(item: T): number
  arrive(item: T): void
  /** Something has arrived: there is more room. */
  moved?(): void
}

/** One direction of one connection: in order and complete, up to where it is cut. */
export class Pipe<T> {
  readonly #parts: PipeParts<T>
  readonly #queue: { readonly item: T; readonly dueMs: number }[] = []
  #lastDueMs = 0
  #stalledUntilMs = 0
  #isPaused = false
  #isCut = false
  #waitingBytes = 0
  #pump: Cancel | undefined

  constructor(parts: PipeParts<T>) {
    this.#parts = parts
  }

  /** Bytes sent that have not arrived. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  get isCut(): boolean {
    return this.#isCut
  }

  /** Nothing more will arrive, though nobody was told. */
  get isMute(): boolean {
    return this.#stalledUntilMs === Number.POSITIVE_INFINITY
  }

  send(item: T): void {
    if (this.#isCut) return
    const { scheduler, sizeOf, delayMs, bytesPerMs } = this.#parts
    const bytes = sizeOf(item)
    const startMs = Math.max(scheduler.now + delayMs(), this.#lastDueMs)
    this.#lastDueMs = startMs + bytes / bytesPerMs()
    this.#waitingBytes += bytes
    this.#queue.push({ item, dueMs: this.#lastDueMs })
    this.#schedule()
  }

  setPaused(paused: boolean): void {
    this.#isPaused = paused
    this.#schedule()
  }

  /** Nothing arrives before `untilMs`. */
  stall(untilMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, untilMs)
    this.#schedule()
  }

  /** What is under way is lost. */
  cut(): void {
    this.#isCut = true
    this.#queue.length = 0
    this.#waitingBytes = 0
    this.#pump?.()
    this.#pump = undefined
  }

  #schedule(): void {
    this.#pump?.()
    this.#pump = undefined
    const head = this.#queue[0]
    if (head === undefined || this.#isPaused || this.isMute) return
    const dueMs = Math.max(head.dueMs, this.#stalledUntilMs)
    this.#pump = this.#parts.scheduler.after(dueMs - this.#parts.scheduler.now, this.#parts.owner, () => this.#arrive())
  }

  #arrive(): void {
    this.#pump = undefined
    const head = this.#queue.shift()
    if (head === undefined) return
    this.#waitingBytes -= this.#parts.sizeOf(head.item)
    this.#schedule()
    this.#parts.arrive(head.item)
    this.#parts.moved?.()
  }
}
