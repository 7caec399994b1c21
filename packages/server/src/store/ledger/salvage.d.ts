import type { Driver } from './ledger.js'

/** What a repair found. */
export interface Salvage {
  /** What the store had, if its account could be read; then what is lost is what was not saved. */
  readonly expected: { readonly entries: number; readonly notes: number } | undefined
  readonly saved: { readonly entries: number; readonly notes: number }
  /** Messages that are whole, but of which it is not known any more where they lay. */
  readonly unplaced: readonly Uint8Array[]
}

/** Takes a directory for this process; the returned function lets go of it. Throws a LedgerError. */
export declare function lockDirectory(driver: Driver, directory: string): () => void

/** Writes everything that is whole to a new store beside the damaged one, which is not changed. Throws a LedgerError. */
export declare function salvage(driver: Driver, directory: string): Salvage

/**
 * Puts the new store in the place of the damaged one, and gives back where that is kept. Nobody may have either open.
 * Throws a LedgerError.
 */
export declare function exchange(directory: string): string

/** Removes what a repair has left behind. */
export declare function tidy(directory: string): void
