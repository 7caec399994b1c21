import type { Timer } from '../clock/wheel.js'

/**
 * Runs `end` for each, evenly spread over `overMs`, so that not all clients come back at once; with 0 for all at once.
 * Resolves when all have ended.
 */
export async function spread<T>(
  all: readonly T[],
  overMs: number,
  after: (delayMs: number, run: () => void) => Timer,
  end: (one: T) => Promise<void>,
): Promise<void> {
  const stepMs = overMs / all.length
  const ends = all.map((one, index) => {
    if (index === 0 || overMs === 0) return end(one)
    return new Promise<void>((resolve) => {
      after(index * stepMs, () => end(one).then(resolve))
    })
  })
  await Promise.all(ends)
}
