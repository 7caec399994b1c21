import { encodeHeader, type Headers, headersFromFlat, type Version } from '@hoofbeat/codec'
import { createWireText, type WireText } from './wire-frame.js'

/** Headers that never travel from the sender to a subscriber: they belong to the sender's own frame, or to the server. */
export const RESERVED: ReadonlySet<string> = new Set([
  'destination',
  'receipt',
  'transaction',
  'ack',
  'content-length',
  'message-id',
  'subscription',
  'redelivered',
  'delivery-count',
  'history-gap',
])

/** The sender's own headers in their order, repeats kept. */
export function ownHeaders(headers: Headers): Headers {
  const { flat } = headers
  const kept: string[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? ''
    if (!RESERVED.has(name)) kept.push(name, flat[i + 1] ?? '')
  }
  return kept.length === flat.length ? headers : headersFromFlat(kept)
}

/** The header lines that were written last. Most messages of an application have the same headers as the one before. */
export interface WrittenHeaders {
  last: { readonly version: Version; readonly flat: readonly string[]; readonly lines: WireText } | undefined
}

/** Nothing was written yet. */
export function createWrittenHeaders(): WrittenHeaders {
  return { last: undefined }
}

/** The lines of the sender's own headers where they are those that were written last. */
export function knownOwnHeaders(
  { flat }: Headers,
  version: Version,
  written: WrittenHeaders | undefined,
): WireText | undefined {
  const last = written?.last
  return last !== undefined && last.version === version && isSame(last.flat, flat) ? last.lines : undefined
}

/**
 * The lines of the sender's own headers. `onLeftOut` is told of each that the version cannot write; what it was told of
 * is not remembered, so that it is told of the next one too.
 */
export function writeOwnHeaders(
  headers: Headers,
  version: Version,
  written: WrittenHeaders | undefined,
  onLeftOut: (header: string) => void,
): WireText {
  const known = knownOwnHeaders(headers, version, written)
  if (known !== undefined) return known
  const { flat } = headers
  let text = ''
  let isWhole = true
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? ''
    if (RESERVED.has(name)) continue
    try {
      text += encodeHeader('MESSAGE', name, flat[i + 1] ?? '', version)
    } catch {
      isWhole = false
      onLeftOut(name)
    }
  }
  const lines = createWireText(text)
  if (written !== undefined && isWhole) written.last = { version, flat, lines }
  return lines
}

/** True if the headers are the same in their order, whatever the reserved ones among them say. */
function isSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false
  for (let i = 0; i < one.length; i += 2) {
    const name = one[i]
    if (name !== other[i]) return false
    if (one[i + 1] !== other[i + 1] && !(name !== undefined && RESERVED.has(name))) return false
  }
  return true
}
