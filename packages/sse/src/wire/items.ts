/** One message as an item of a batch: text as it is, binary as base64. */
export type Item = string | BinaryItem

/** A binary message as an item of a batch. */
export interface BinaryItem {
  /** The bytes in base64, padded (RFC 4648, section 4). */
  readonly b: string
}

/** What an array of items must look like. Base64 is checked by who decodes it. */
export function areItems(value: unknown): value is readonly Item[] {
  return Array.isArray(value) && value.every(isItem)
}

function isItem(value: unknown): value is Item {
  if (typeof value === 'string') return true
  return typeof value === 'object' && value !== null && 'b' in value && typeof value.b === 'string'
}
