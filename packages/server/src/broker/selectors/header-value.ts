import type { Header } from './expression.js'
import { FALSE, TRUE, UNKNOWN, type Verdict } from './verdict.js'

/** What a selector looks at: the headers of a frame fit. */
export interface SelectableHeaders {
  /** The value that counts for this name; undefined reads as NULL. */
  get(name: string): string | undefined
}

/** A header longer than this is not read as a number, so that no header makes arithmetic slow. */
export const MAX_NUMBER_LENGTH = 64

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/

/** The value of an identifier in given headers; undefined is NULL. */
export type Read = (headers: SelectableHeaders) => string | undefined

/** Makes the reader of an identifier. `JMSDeliveryMode` is never NULL: what is not PERSISTENT is NON_PERSISTENT. */
export function compileRead({ name, isDeliveryMode }: Header): Read {
  if (!isDeliveryMode) return (headers) => headers.get(name)
  return (headers) => (toTruth(headers.get(name)) === TRUE ? 'PERSISTENT' : 'NON_PERSISTENT')
}

/** A header as a number: NaN for NULL, and for what does not read as a finite decimal number. */
export function toNumber(value: string | undefined): number {
  if (value === undefined || value.length > MAX_NUMBER_LENGTH || !NUMBER.test(value)) return Number.NaN
  const number = Number(value)
  return Number.isFinite(number) ? number : Number.NaN
}

/** A header as a condition: `true` and `false` in any case of letters, else UNKNOWN. */
export function toTruth(value: string | undefined): Verdict {
  // The length settles it for most values, without a copy.
  if (value?.length === 4) return value.toLowerCase() === 'true' ? TRUE : UNKNOWN
  if (value?.length === 5) return value.toLowerCase() === 'false' ? FALSE : UNKNOWN
  return UNKNOWN
}
