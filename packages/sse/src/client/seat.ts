import type { Surroundings } from './surroundings.js'

/** The right to hold a request, among all tabs of the browser. */
export interface Seat {
  /** Requests may be held. */
  isTaken(): boolean
  /** Takes it if it can be had; `isWanted` says whether it still is when the answer comes. */
  take(isWanted: () => boolean): Promise<void>
  leave(): void
}

/** Where nobody counts connections it is always taken. */
export function createSeat({ locks }: Surroundings, url: string): Seat {
  let release: (() => void) | undefined
  return {
    isTaken: () => !locks || Boolean(release),
    async take(isWanted) {
      if (!locks || release) return
      const taken = await locks.take(url).catch(() => undefined)
      // A second one may have been taken meanwhile.
      if (isWanted() && !release) release = taken
      else taken?.()
    },
    leave() {
      release?.()
      release = undefined
    },
  }
}
