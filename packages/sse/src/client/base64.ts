const CHUNK = 0x2000

/** Padded base64 of some bytes. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  // An argument list has a limit, so that great messages go in pieces.
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  return btoa(text)
}

/** Undefined: this is not base64. */
export function fromBase64(text: string): ArrayBuffer | undefined {
  let decoded: string
  try {
    decoded = atob(text)
  } catch {
    return undefined
  }
  const bytes = new Uint8Array(decoded.length)
  for (let at = 0; at < decoded.length; at++) bytes[at] = decoded.charCodeAt(at)
  return bytes.buffer
}
