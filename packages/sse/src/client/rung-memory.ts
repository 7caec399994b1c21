import type { RungMemory } from './surroundings.js'

const KEPT_MS = 600_000

/** The parts of the global `sessionStorage` that are used. */
export interface StoragePart {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

/**
 * Remembers per tab, for ten minutes, which rung worked: a name and a time, nothing else. `storage` may throw: where it is
 * forbidden, reading its name does.
 */
export function createRungMemory(storage: () => StoragePart, wallClock: () => number): RungMemory {
  const keyOf = (url: string) => `hoofbeat-rung:${url}`
  return {
    get(url) {
      try {
        const [rung, until] = (storage().getItem(keyOf(url)) ?? '').split(' ')
        const leftMs = Number(until) - wallClock()
        return leftMs > 0 && leftMs <= KEPT_MS ? rung : undefined
      } catch {
        return undefined
      }
    },
    set(url, rung) {
      try {
        storage().setItem(keyOf(url), `${rung} ${wallClock() + KEPT_MS}`)
      } catch {
        // Storage may be full, forbidden or absent: then the next page starts from the top.
      }
    },
  }
}
