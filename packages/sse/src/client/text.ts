/** Replaces lone surrogates by U+FFFD, as a WebSocket does: what is numbered must come out the same on every carrier. */
export function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udfff]/gu, '\ufffd')
}

/** Length of a message in bytes: of a well-formed text in UTF-8. */
export function sizeOf(text: string | ArrayBuffer | Uint8Array): number {
  if (typeof text !== 'string') return text.byteLength
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    // Two units of a surrogate pair make four bytes: one more for each of them.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2
  }
  return bytes
}
