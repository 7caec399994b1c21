/** Something that will happen at a virtual time. */
interface Happening {
  atMs: number
  /** Orders what happens at the same time. */
  turn: number
  readonly owner: string
  run: (() => void) | undefined
}

/** Takes back what was scheduled; harmless when it has happened. */
export type Cancel = () => void

/**
 * Virtual time. Nothing happens but by {@link Scheduler.runUntil}: one happening after another, and after each all
 * promises that it settled are followed to their end.
 */
export class Scheduler {
  now = 0
  steps = 0
  #turn = 0
  readonly #heap: Happening[] = []
  readonly #pending = new Map<string, number>()
  readonly #holds = new Map<string, { untilMs: number; grainMs: number }>()

  /** Has `run` happen for `owner`, `delayMs` from now. */
  after(delayMs: number, owner: string, run: () => void): Cancel {
    const happening: Happening = { atMs: this.now + Math.max(0, delayMs), turn: this.#turn++, owner, run }
    this.#push(happening)
    this.#count(owner, 1)
    return () => {
      if (happening.run === undefined) return
      happening.run = undefined
      this.#count(owner, -1)
    }
  }

  /** How much is still to happen for this owner. */
  pending(owner: string): number {
    return this.#pending.get(owner) ?? 0
  }

  /** What is due for `owner` waits until `untilMs`, or only until the next multiple of `grainMs` before that. */
  hold(owner: string, untilMs: number, grainMs: number = Number.POSITIVE_INFINITY): void {
    this.#holds.set(owner, { untilMs, grainMs })
  }

  /** Nothing happens for `owner` any more: a process that was killed. */
  forget(owner: string): void {
    for (const happening of this.#heap) if (happening.owner === owner) happening.run = undefined
    this.#pending.delete(owner)
  }

  /** Lets time pass until `atMs`, or until `isOver` says so after a step. */
  async runUntil(atMs: number, isOver: () => boolean): Promise<void> {
    await Promise.resolve()
    await settled()
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= atMs && !isOver(); next = this.#heap[0]) {
      this.#pop()
      if (next.run === undefined) continue
      this.now = Math.max(this.now, next.atMs)
      if (this.#isHeld(next)) continue
      const run = next.run
      next.run = undefined
      this.#count(next.owner, -1)
      this.steps++
      run()
      await settled()
    }
    if (!isOver()) this.now = Math.max(this.now, atMs)
  }

  #isHeld(happening: Happening): boolean {
    const hold = this.#holds.get(happening.owner)
    if (hold === undefined || this.now >= hold.untilMs) return false
    const grainEnd = Number.isFinite(hold.grainMs) ? Math.ceil(this.now / hold.grainMs) * hold.grainMs : hold.untilMs
    const releaseMs = Math.min(hold.untilMs, grainEnd)
    if (releaseMs <= this.now) return false
    happening.atMs = releaseMs
    happening.turn = this.#turn++
    this.#push(happening)
    return true
  }

  #count(owner: string, change: number): void {
    this.#pending.set(owner, (this.#pending.get(owner) ?? 0) + change)
  }

  #push(happening: Happening): void {
    const heap = this.#heap
    let at = heap.push(happening) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || !isBefore(happening, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = happening
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      let child = heap[below]
      const other = heap[below + 1]
      if (child === undefined) break
      if (other !== undefined && isBefore(other, child)) {
        child = other
        below++
      }
      if (isBefore(last, child)) break
      heap[at] = child
      at = below
    }
    heap[at] = last
  }
}

function isBefore(one: Happening, other: Happening): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.turn < other.turn)
}

/**
 * Resolves when no promise is left to be followed: a tick that is queued from within a promise job runs when the queue
 * of jobs is empty, and is far cheaper than a turn of the real event loop.
 */
function settled(): Promise<void> {
  return new Promise<void>((resolve) => process.nextTick(resolve))
}
