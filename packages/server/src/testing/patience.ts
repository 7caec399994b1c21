/*
 * The runner's own fake timers may replace the globals later on, and time would stand still for the kit itself.
 */
const { setImmediate, setTimeout, clearTimeout } = globalThis
const nowMs = performance.now.bind(performance)

/** Everything within the process happens in a bounded number of turns of the event loop; no time is involved. */
const CHANCE_TURNS = 50

/**
 * Enough for what a timer has set off to be written, handled at the other end, and answered before the next one; and few,
 * for hours of virtual time have very many moments.
 */
const SOME_TURNS = 10

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn()
}

/** Resolves when everything within the process has had every chance to happen. */
export const everyChance = (): Promise<void> => turns(CHANCE_TURNS)

/** Resolves some turns later. */
export const someTurns = (): Promise<void> => turns(SOME_TURNS)

/** How long somebody waits for something, and no longer. */
export interface Patience {
  /** How long in real time, behind the turns, in ms. */
  readonly ms: number
  /**
   * The first value that `look` gives; undefined if it gives none although everything within the process has had every
   * chance, and `withinMs` of real time have passed. What `look` throws is thrown. @default withinMs `ms`
   */
  until<T>(look: () => T | undefined, withinMs?: number): Promise<T | undefined>
  /** Something has changed: those who wait look again. */
  stir(): void
}

/** Makes the patience of one client. Turns do not count while virtual time passes. */
export function createPatience(ms: number, isPassing: () => boolean): Patience {
  if (!Number.isFinite(ms) || ms < 0) throw new RangeError('patienceMs takes ms, 0 or more')
  const waiting = new Set<() => void>()
  /** Resolves when something has changed, or at the latest in `withinMs`. */
  const stirred = (withinMs: number): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, withinMs)
      waiting.add(wake)
    })
  return {
    ms,
    async until(look, withinMs = ms) {
      for (let turn = 0; turn < CHANCE_TURNS; turn += isPassing() ? 0 : 1) {
        const found = look()
        if (found !== undefined) return found
        await nextTurn()
      }
      const endMs = nowMs() + withinMs
      for (;;) {
        const found = look()
        const leftMs = endMs - nowMs()
        if (found !== undefined || leftMs <= 0) return found
        await stirred(leftMs)
      }
    },
    stir() {
      for (const wake of [...waiting]) wake()
    },
  }
}
