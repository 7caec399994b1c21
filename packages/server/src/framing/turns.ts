import type { Clock } from '../clock/clock.js'
import { createTurn, type Turn } from '../message/turn.js'

/** Whoever has something to write when the turn of the event loop is over. */
export interface Flushable {
  /** `nowMs`: the time on the clock, read once for all. */
  flush(nowMs: number): void
}

/**
 * Write once a turn: the system call is by far the dearest part of fan-out, so frames that become ready in one turn of
 * the event loop leave in one write per connection. All outboxes of an application share one of these; through the
 * common root, connections that are owed equal frames come to share one {@link Turn} and its joined bytes.
 */
export interface Turns {
  /** The empty turn from which this turn's lists grow. */
  readonly root: Turn
  /** Flushes `outbox` when the present turn is over, in the order of the calls. */
  flushSoon(outbox: Flushable): void
}

/** Makes the shared write loop on the given clock. */
export function createTurns(clock: Clock): Turns {
  return new WriteLoop(clock)
}

class WriteLoop implements Turns {
  root: Turn = createTurn()
  readonly #clock: Clock
  readonly #run = (): void => this.#flush()
  #waiting: Flushable[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  flushSoon(outbox: Flushable): void {
    if (this.#waiting.push(outbox) === 1) this.#clock.soon(this.#run)
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.root = createTurn()
    const nowMs = this.#clock.now()
    let done = 0
    try {
      for (const outbox of waiting) {
        done++
        outbox.flush(nowMs)
      }
    } finally {
      // If one throws the others are not forgotten: they count on a flush to come.
      for (const outbox of waiting.slice(done)) this.flushSoon(outbox)
    }
  }
}
