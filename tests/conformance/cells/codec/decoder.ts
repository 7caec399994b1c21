import { createDecoder, type Frame } from '@hoofbeat/codec'
import { expect } from 'vitest'
import { type CodecCell, codecCell } from '../../cells.js'
import { FROM_1_1, ONLY_1_2 } from '../../requirement.js'
import { flawIn, flawOf, frameOf, framesOf, readAll } from './stream.js'

const parts = ({ command, headers, body }: Frame): unknown => [command, [...headers], [...body]]

const stream = (version: string): Uint8Array => {
  const escaped = version === '1.0' ? 'plain' : 'a\\cb\\n\\\\'
  return new TextEncoder().encode(
    `CONNECT\naccept-version:${version}\n\n\0\n\nSEND\ngrüße:${escaped}\ncontent-length:7\n\nü\0🐴\0\nSEND\n\nübrig\0\0\nDISCONNECT\n\n\0`,
  )
}

/** The decoder as such: cuts, errors, what lies between frames. */
export const decoderCells: readonly CodecCell[] = [
  codecCell('ours/codec/any-cut', 'reads the same frames however the stream is cut', (version) => {
    const bytes = stream(version)
    const whole = framesOf(version, bytes).map(parts)
    expect(whole).toHaveLength(4)
    expect(framesOf(version, ...Array.from(bytes, (octet) => Uint8Array.of(octet))).map(parts)).toEqual(whole)
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(framesOf(version, bytes.slice(0, cut), bytes.slice(cut)).map(parts)).toEqual(whole)
    }
  }),
  codecCell(
    'E23',
    'reads a line end that is cut between CR and LF as one',
    (version) => {
      const frame = frameOf(version, 'SEND\r', '\nfoo:bar\r', '\n\r', '\nBody\0')
      expect([...frame.headers].flat()).toEqual(['foo', 'bar'])
      expect(frame.text).toBe('Body')
      expect(readAll({ version }, '\r', '\n')).toEqual(['heart-beat'])
    },
    ONLY_1_2,
  ),
  codecCell('E22', 'reads the good frames before a bad one', (version) => {
    const decoder = createDecoder({ version })
    decoder.push('SEND\n\n1\0SEND\n\n2\0SEND\nbad\n\n3\0SEND\n\n4\0')
    expect(decoder.next()).toMatchObject({ text: '1' })
    expect(decoder.next()).toMatchObject({ text: '2' })
    expect(() => decoder.next()).toThrow(expect.objectContaining({ code: 'STOMP_ERR_MALFORMED_HEADER' }))
  }),
  codecCell('ours/codec/dead-after-error', 'throws the same error ever after, and says where it was', (version) => {
    const decoder = createDecoder({ version })
    expect(flawIn(decoder, 'SEND\n\nok\0', 'SEND\nfoo:bar\nbad\n\n\0')).toBe('STOMP_ERR_MALFORMED_HEADER')
    const { error } = decoder
    expect(error?.offset).toBe('SEND\n\nok\0SEND\nfoo:bar\n'.length)
    decoder.push('SEND\n\nok\0')
    expect(() => decoder.next()).toThrow(error)
    expect(decoder.error).toBe(error)
  }),
  codecCell('ours/codec/octets-between-frames', 'passes over line ends and NULs between frames', (version) => {
    const text = '\n\0\n\0SEND\n\na\0\0\0\n\0\nSEND\n\nb\0'
    expect(framesOf(version, text).map((frame) => frame.text)).toEqual(['a', 'b'])
  }),
  codecCell('ours/codec/heart-beats-are-seen', 'tells of line ends between frames as heart-beats', (version) => {
    expect(readAll({ version }, 'SEND\n\na\0', '\n', '\n', 'SEND\n\nb\0')).toEqual([
      expect.objectContaining({ text: 'a' }),
      'heart-beat',
      'heart-beat',
      expect.objectContaining({ text: 'b' }),
    ])
  }),
  codecCell(
    '1.2/send/user-headers',
    'reads headers that no specification names',
    (version) => {
      const { headers } = frameOf(version, 'SEND\ndestination:/a\nx-mine:1\nanything at all:2\n\n\0')
      expect([headers.get('x-mine'), headers.get('anything at all')]).toEqual(['1', '2'])
      expect(flawOf({ version }, 'SEND\nconstructor:1\n__proto__:2\n\n\0')).toBeUndefined()
    },
    FROM_1_1,
  ),
]
