import type { Surroundings } from './surroundings.js'

/** A timer that is set again and again; setting it takes back what it was set to. */
export interface Timer {
  isSet(): boolean
  /** Runs once, so long from now, or as soon as possible if that time has passed. */
  set(delayMs: number, run: () => void): void
  stop(): void
}

export function createTimer(after: Surroundings['after']): Timer {
  let cancel: (() => void) | undefined
  const stop = () => {
    cancel?.()
    cancel = undefined
  }
  return {
    isSet: () => Boolean(cancel),
    set(delayMs, run) {
      stop()
      cancel = after(Math.max(0, delayMs), () => {
        cancel = undefined
        run()
      })
    },
    stop,
  }
}

/** A part (0 to 1) of the longest wait after so many failures in a row, which doubles up to 5 s. */
export function pauseMs(part: number, failures: number): number {
  return part * (failures && Math.min(5_000, 125 * 2 ** failures))
}
