import type { Content } from './frames.js'

const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)

/**
 * The content of message `number`: all shapes in turn that a carrier could spoil. Most carry their number, so that one
 * in the wrong place is seen at once.
 */
export function contentOf(from: 'up' | 'down', number: number, extraBytes: number): Content {
  const name = `${from} ${number}`
  switch (number % 11) {
    case 0:
      return `\u0001${name}`
    case 1:
      return `${name} one\rtwo\ntwo\r\nthree\0\n\n\r\r`
    case 2:
      return Uint8Array.of(...everyByte, number & 255, (number >> 8) & 255)
    case 3:
      return ''
    case 4:
      return `${name} \u{1f434}\u00e9\u2028\ufeff"\\\u007f`
    case 5:
      return new Uint8Array(0)
    case 6:
      return `\u0001\u0001c{"code":1000,"reason":"${name}"}`
    case 7:
      return Uint8Array.of(1, 99, number & 255, (number >> 8) & 255)
    case 8:
      return `data: ${name}\n\nevent: c\ndata: {"code":1000}\n\n`
    case 9:
      return `\ufeff${name}${'.'.repeat(extraBytes)}`
    default:
      return name
  }
}

/** Whether two messages are one and the same: kind and content. */
export function areSame(one: Content, other: Content): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other
  return one.byteLength === other.byteLength && one.every((byte, index) => byte === other[index])
}

/** A message for the reader of a trace. */
export function shown(content: Content | undefined): string {
  if (content === undefined) return 'nothing'
  if (typeof content === 'string') return JSON.stringify(content.length > 40 ? `${content.slice(0, 40)}…` : content)
  return `${content.byteLength} bytes [${content.subarray(-4).join(' ')}]`
}

/** Size of a message: UTF-8 or raw. */
export function sizeOf(content: Content): number {
  return typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength
}
