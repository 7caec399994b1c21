import { beforeEach, describe, expect, it, vi } from 'vitest'
import { cut, drain, utf8 } from '../test/read.js'
import { createDecoder } from './index.js'

// Every byte that the decoder searches, turns into text or copies goes through these; none of it may grow faster than
// the stream. What is not counted is one look at each byte as it comes in.
const counted = vi.hoisted(() => ({ bytes: 0 }))

vi.mock('./bytes.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('./bytes.js')>()
  const counting =
    <Result>(read: (bytes: Uint8Array, from: number, to: number) => Result) =>
    (bytes: Uint8Array, from: number, to: number): Result => {
      counted.bytes += to - from
      return read(bytes, from, to)
    }
  return {
    ...original,
    decodeUtf8: counting(original.decodeUtf8),
    decodeStrictUtf8: counting(original.decodeStrictUtf8),
    decodeSingleBytes: counting(original.decodeSingleBytes),
    indexOfOctet(bytes: Uint8Array, octet: number, from: number, to: number): number {
      const at = original.indexOfOctet(bytes, octet, from, to)
      counted.bytes += (at < 0 ? to : at + 1) - from
      return at
    },
    // Memory is taken to copy into it. The least that is taken for an unfinished frame, 1 KiB, is a constant.
    allocate(size: number): Uint8Array {
      if (size > 1024) counted.bytes += size
      return original.allocate(size)
    },
  }
})

const LIMITS = { maxBodyBytes: 1 << 20, maxHeaders: 100_000, maxHeaderLineBytes: 1 << 20, maxHeaderBytes: 1 << 20 }

/** Bytes of work for each byte of the stream. */
function workOf(stream: Uint8Array, length: number): number {
  counted.bytes = 0
  const decoder = createDecoder({ limits: LIMITS })
  for (const chunk of cut(stream, length)) {
    decoder.push(chunk)
    drain(decoder)
  }
  expect(decoder.pendingBytes).toBe(0)
  return counted.bytes / stream.length
}

const STREAMS: Record<string, (size: number) => string> = {
  'a long body with content-length': (size) => `SEND\ncontent-length:${size}\n\n${'x'.repeat(size)}\0`,
  'a long body with content-length, full of NULs': (size) => `SEND\ncontent-length:${size}\n\n${'\0'.repeat(size)}\0`,
  'a long body without content-length': (size) => `SEND\na:b\n\n${'x'.repeat(size)}\0`,
  'a long body full of line ends': (size) => `SEND\na:b\n\n${'\n'.repeat(size)}\0`,
  'a long header line': (size) => `SEND\na:${'x'.repeat(size)}\n\n\0`,
  'a long header line, not ASCII': (size) => `SEND\na:${'ü'.repeat(size / 2)}\n\n\0`,
  'many header lines': (size) => `SEND\n${'a:b\n'.repeat(size / 8)}${'long:header\n'.repeat(size / 24)}\n\0`,
  'many small frames': (size) => 'SEND\ndestination:/a\n\nhello\0'.repeat(size / 28),
  'many frames with line ends between them': (size) => 'ACK\nid:1\n\n\0\n\r\n\0'.repeat(size / 15),
}

describe('the work of the decoder', () => {
  beforeEach(() => {
    counted.bytes = 0
  })

  for (const [title, make] of Object.entries(STREAMS)) {
    it(`is a small multiple of the stream at any cut, however long it is: ${title}`, () => {
      for (const length of [1, 7, 64, 1400, 65536]) {
        // Twice the stream may not be more work for each byte, but for what growing by doubling adds here and there.
        const [small, large] = [workOf(utf8(make(24_000)), length), workOf(utf8(make(192_000)), length)]
        expect(small).toBeLessThan(30)
        expect(large).toBeLessThan(Math.max(small, 6) * 1.5)
      }
    })
  }

  it('is the same when input waits in the decoder for a long time', () => {
    const decoder = createDecoder()
    const stream = utf8('SEND\ndestination:/a\n\nhello\0'.repeat(4000))
    for (const chunk of cut(stream, 10)) decoder.push(chunk)
    expect(drain(decoder)).toHaveLength(4000)
    expect(counted.bytes / stream.length).toBeLessThan(10)
  })
})
