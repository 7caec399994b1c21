// What Hermes brings for texts and bytes, told in plain JavaScript, which has none of it.

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

export function btoa(binary: string): string {
  let text = ''
  for (let at = 0; at < binary.length; at += 3) {
    const [a = 0, b = 0, c = 0] = [0, 1, 2].map((more) => binary.charCodeAt(at + more) || 0)
    const bits = (a << 16) | (b << 8) | c
    text += [18, 12, 6, 0].map((shift) => LETTERS[(bits >> shift) & 63]).join('')
  }
  const missing = (3 - (binary.length % 3)) % 3
  return text.slice(0, text.length - missing) + '='.repeat(missing)
}

export function atob(text: string): string {
  const letters = text.replace(/=+$/, '')
  let binary = ''
  let bits = 0
  for (let at = 0; at < letters.length; at++) {
    const value = LETTERS.indexOf(letters[at] ?? '')
    if (value < 0) throw new Error('not base64')
    bits = ((bits << 6) | value) & 0xffffff
    if (at % 4 > 0) binary += String.fromCharCode((bits >> (6 - 2 * (at % 4))) & 0xff)
  }
  return binary
}

export const bytesOfBase64 = (text: string): Uint8Array => bytesOf(atob(text))
export const base64OfBytes = (bytes: Uint8Array): string => btoa(binaryOf(bytes))

const bytesOf = (binary: string): Uint8Array => {
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}

const binaryOf = (bytes: Uint8Array): string => {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return binary
}

export class TextEncoder {
  encode(text: string): Uint8Array {
    return bytesOf(unescape(encodeURIComponent(text)))
  }
}

export class TextDecoder {
  decode(bytes: ArrayBuffer | Uint8Array): string {
    return decodeURIComponent(escape(binaryOf(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes)))
  }
}
