import type { FakeClock } from './fake-clock.js'

/** One direction of a link: what is carried arrives in order, after the delay of the time when it was sent. */
export interface Lane {
  /** Calls `arrive` when it is there; at once where nothing delays it. */
  carry(arrive: () => void): void
  /** From now on it takes so long. */
  setDelay(ms: number): void
  /** What is on its way never arrives. */
  discard(): void
}

/** Opens a lane without delay. */
export function openLane(clock: FakeClock | undefined): Lane {
  let delayMs = 0
  /** Nothing that is sent later arrives earlier. */
  let lastDueMs = 0
  const underWay = new Set<() => void>()
  return {
    carry(arrive) {
      if (clock === undefined || (delayMs === 0 && underWay.size === 0)) return arrive()
      lastDueMs = Math.max(lastDueMs, clock.now() + delayMs)
      const forget = clock.after(lastDueMs - clock.now(), () => {
        underWay.delete(forget)
        arrive()
      })
      underWay.add(forget)
    },
    setDelay(ms) {
      if (!Number.isFinite(ms) || ms < 0) throw new RangeError('a delay takes ms, 0 or more')
      if (clock === undefined) {
        throw new TypeError(
          'a delay passes in virtual time: make a clock by createFakeClock(), and give it to the plugin and to the kit as `clock`',
        )
      }
      delayMs = ms
    },
    discard() {
      for (const forget of underWay) forget()
      underWay.clear()
    },
  }
}
