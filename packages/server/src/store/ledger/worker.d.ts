import type { Fault, LedgerBatch } from './ledger.js'
import type { Salvage } from './salvage.js'

/** A part of what a store holds. A message comes before the entries that refer to it. */
export interface Found {
  readonly messages: { readonly id: number; readonly data: Uint8Array }[]
  readonly entries: {
    readonly shelf: string
    readonly position: number
    readonly message: number
    readonly deliveries: number
  }[]
  readonly notes: { readonly name: string; readonly text: string }[]
}

/** What the thread is told to do. */
export type Order =
  | { readonly kind: 'open' }
  | { readonly kind: 'apply'; readonly batches: readonly LedgerBatch[] }
  | { readonly kind: 'close' }
  /** Opens the store and lets go of it as it was. */
  | { readonly kind: 'check' }
  | { readonly kind: 'salvage' }

/** What the thread answers. */
export type Answer =
  | { readonly kind: 'found'; readonly found: Found }
  | { readonly kind: 'opened'; readonly wasClosed: boolean }
  | { readonly kind: 'applied'; readonly faults: readonly (Fault | undefined)[] }
  | { readonly kind: 'closed' }
  | { readonly kind: 'checked' }
  | { readonly kind: 'salvaged'; readonly salvage: Salvage }
  | { readonly kind: 'fault'; readonly fault: Fault }
