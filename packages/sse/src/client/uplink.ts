import type { Item } from '../wire/items.js'
import { toBase64 } from './base64.js'
import { sizeOf } from './text.js'

/** Some kept messages, ready for the body of a request. */
export interface Batch {
  readonly items: readonly Item[]
  /** Their length as JSON, in UTF-8. */
  readonly size: number
}

/** The messages to the server: numbered from 1, and kept until they are acknowledged (PROTOCOL.md, I3). */
export interface Uplink {
  /** Lowest number that is not acknowledged. */
  first(): number
  /** Highest number given so far. */
  last(): number
  /** How many bytes are not acknowledged. */
  bytes(): number
  /** Numbers a message: well-formed text, or bytes that nobody changes any more. */
  add(data: string | Uint8Array, size: number): void
  /** Forgets all up to a number; one below what is known says nothing new. False: that was never sent. */
  acknowledge(number: number): boolean
  /** The message of a number, which counts as sent from now on. */
  at(number: number): string | Uint8Array | undefined
  /** The lowest messages, as many as fit, but at least one if any may be taken; they count as sent. */
  batch(maxItems: number, maxBytes: number): Batch
}

export function createUplink(): Uplink {
  const kept: { readonly data: string | Uint8Array; readonly size: number }[] = []
  let first = 1
  let sent = 0
  let total = 0
  return {
    first: () => first,
    last: () => first + kept.length - 1,
    bytes: () => total,
    add(data, size) {
      kept.push({ data, size })
      total += size
    },
    acknowledge(number) {
      if (number > sent) return false
      for (const { size } of kept.splice(0, Math.max(0, number - first + 1))) {
        total -= size
        first++
      }
      return true
    },
    at(number) {
      const found = kept[number - first]
      if (found) sent = Math.max(sent, number)
      return found?.data
    },
    batch(maxItems, maxBytes) {
      const items: Item[] = []
      let size = 0
      for (const { data } of kept.slice(0, maxItems)) {
        const item = typeof data === 'string' ? data : { b: toBase64(data) }
        const grown = size + sizeOf(JSON.stringify(item)) + 1
        if (items.length > 0 && grown > maxBytes) break
        size = grown
        items.push(item)
      }
      sent = Math.max(sent, first + items.length - 1)
      return { items, size }
    },
  }
}
