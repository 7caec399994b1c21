import type { Clock } from './clock.js'

/** One thing that will happen once. */
export interface Timer {
  /** Makes sure that it does not happen. Harmless when it has happened. */
  cancel(): void
}

/**
 * One timer wheel for all heart-beats and deadlines: a hashed wheel on one interval of the given clock, so that ten
 * thousand sessions cost one timer. Nothing fires early; each fires at most `tickMs` late, unless the event loop itself
 * was held up. The interval stops at the first tick at which nothing waits.
 */
export interface Wheel {
  /** How late a timer may be, in ms. */
  readonly tickMs: number
  /**
   * Calls `run` once, `delayMs` from now or up to a tick later, never inside this call. What it throws is not caught;
   * timers that were due with it then run one tick later.
   */
  after(delayMs: number, run: () => void): Timer
  /** Forgets everything that waits. */
  stop(): void
}

/** Makes a wheel of `slotCount` slots, `tickMs` each. @default tickMs 100 */
export function createWheel(clock: Clock, tickMs = 100, slotCount = 512): Wheel {
  return new HashedWheel(clock, tickMs, slotCount)
}

/** What waits. It lets go of what it was to run as soon as it is over: its owner may keep it for long. */
class Entry implements Timer {
  readonly dueMs: number
  readonly #wheel: HashedWheel
  #slot: Set<Entry> | undefined
  #run: (() => void) | undefined

  constructor(wheel: HashedWheel, slot: Set<Entry>, dueMs: number, run: () => void) {
    this.#wheel = wheel
    this.#slot = slot
    this.dueMs = dueMs
    this.#run = run
  }

  cancel(): void {
    this.take()
  }

  /** What is to be run, once; nothing is waiting then. */
  take(): (() => void) | undefined {
    const run = this.#run
    if (run === undefined) return undefined
    this.#run = undefined
    this.#slot?.delete(this)
    this.#slot = undefined
    this.#wheel.taken()
    return run
  }
}

/*
 * A slot holds what is due within one span of `tickMs`, and each entry knows its exact time. A turn visits the span in
 * which the last turn ended (it may have ended in the middle) up to the present one, and takes what is due. So it does
 * not matter how the ticks of the interval lie to the spans, nor that an interval drifts.
 */
class HashedWheel implements Wheel {
  readonly tickMs: number
  readonly #clock: Clock
  readonly #slots: Set<Entry>[]
  /** The span in which the last turn ended. */
  #span = 0
  #waiting = 0
  #stopInterval: (() => void) | undefined

  constructor(clock: Clock, tickMs: number, slotCount: number) {
    this.tickMs = tickMs
    this.#clock = clock
    this.#slots = Array.from({ length: slotCount }, () => new Set<Entry>())
  }

  after(delayMs: number, run: () => void): Timer {
    const nowMs = this.#clock.now()
    if (this.#stopInterval === undefined) {
      this.#span = this.#spanOf(nowMs)
      this.#stopInterval = this.#clock.every(this.tickMs, () => this.#turn())
    }
    const dueMs = nowMs + Math.max(delayMs, 0)
    const slot = this.#slot(this.#spanOf(dueMs))
    const entry = new Entry(this, slot, dueMs, run)
    slot.add(entry)
    this.#waiting++
    return entry
  }

  stop(): void {
    for (const slot of this.#slots) for (const entry of slot) entry.cancel()
    this.#pause()
  }

  /** One entry waits no more. */
  taken(): void {
    this.#waiting--
  }

  #pause(): void {
    this.#stopInterval?.()
    this.#stopInterval = undefined
  }

  #turn(): void {
    const nowMs = this.#clock.now()
    const last = this.#spanOf(nowMs)
    // After a long stop of the process one round visits every slot; more rounds would find nothing new.
    const first = Math.max(this.#span, last - this.#slots.length + 1)
    const due: Entry[] = []
    for (let span = first; span <= last; span++) {
      for (const entry of this.#slot(span)) if (entry.dueMs <= nowMs) due.push(entry)
    }
    // What runs may arm and cancel others: those armed now wait for a later turn, those cancelled are gone.
    for (const entry of due) entry.take()?.()
    this.#span = last
    if (this.#waiting === 0) this.#pause()
  }

  #spanOf(timeMs: number): number {
    return Math.floor(timeMs / this.tickMs)
  }

  #slot(span: number): Set<Entry> {
    const slot = this.#slots[span % this.#slots.length]
    if (slot === undefined)
      throw new RangeError('a wheel needs at least one slot, and times are finite and not negative')
    return slot
  }
}
