import { createHeaders, readContentType } from '@hoofbeat/codec'
import { expect } from 'vitest'
import { type CodecCell, codecCell } from '../../cells.js'
import { FROM_1_1, ONLY_1_2 } from '../../requirement.js'
import { flawOf, frameOf, framesOf, written } from './stream.js'

const EVERY_OCTET = Uint8Array.from({ length: 256 }, (_, i) => i)

const contentLength: readonly CodecCell[] = [
  codecCell(
    '1.2/content-length/on-any-frame',
    'reads content-length on frames that have no body',
    (version) => {
      for (const command of ['CONNECT', 'SUBSCRIBE', 'DISCONNECT', 'RECEIPT', 'CONNECTED', 'SEND']) {
        expect(frameOf(version, `${command}\ncontent-length:0\n\n\0`).headers.get('content-length')).toBe('0')
      }
    },
    ONLY_1_2,
  ),
  codecCell('1.2/content-length/counts-octets', 'counts octets, not characters', (version) => {
    expect(written({ command: 'SEND', body: 'grüße 🐴' }, version)).toContain('\ncontent-length:12\n')
    expect(frameOf(version, 'SEND\ncontent-length:12\n\ngrüße 🐴\0').text).toBe('grüße 🐴')
  }),
  codecCell(
    ['1.2/content-length/octets-are-read', '1.0/content-length/octets-are-read'],
    'reads as many octets as content-length says, NUL among them',
    (version) => {
      const frames = framesOf(version, 'SEND\ncontent-length:256\n\n', EVERY_OCTET, '\0SEND\n\nnext\0')
      expect([...(frames[0]?.body ?? [])]).toEqual([...EVERY_OCTET])
      expect(frames[1]?.text).toBe('next')
    },
  ),
  codecCell(
    '1.0/content-length/absent-means-first-nul',
    'ends a frame without content-length at the first NUL',
    (version) => {
      expect(framesOf(version, 'SEND\n\na\0SEND\n\nb\0').map((frame) => frame.text)).toEqual(['a', 'b'])
    },
  ),
  codecCell('1.2/content-length/nul-still-follows', 'refuses a body that no NUL follows', (version) => {
    expect(flawOf({ version }, 'SEND\ncontent-length:3\n\nabcd\0')).toBe('STOMP_ERR_BODY_NOT_TERMINATED')
    expect(framesOf(version, 'SEND\ncontent-length:3\n\nabc')).toEqual([])
    expect(frameOf(version, 'SEND\ncontent-length:3\n\nabc', '\0').text).toBe('abc')
  }),
  codecCell(
    ['1.2/content-length/sent-with-a-body', '1.2/send/content-length', '1.0/send/content-length'],
    'writes the true content-length of SEND, MESSAGE and ERROR, whatever the headers say',
    (version) => {
      for (const command of ['SEND', 'MESSAGE', 'ERROR'] as const) {
        expect(written({ command, headers: { 'content-length': '99', foo: 'bar' }, body: 'Body' }, version)).toBe(
          `${command}\nfoo:bar\ncontent-length:4\n\nBody\0`,
        )
      }
    },
  ),
  codecCell(
    '1.2/content-length/sent-when-body-has-nul',
    'writes content-length with a body that holds NUL, so that it can be read again',
    (version) => {
      const text = written({ command: 'MESSAGE', body: 'a\0b' }, version)
      expect(text).toContain('\ncontent-length:3\n')
      expect(frameOf(version, text).text).toBe('a\0b')
    },
    FROM_1_1,
  ),
]

const typeOf = (value: string): ReturnType<typeof readContentType> =>
  readContentType(createHeaders({ 'content-type': value }))

const contentType: readonly CodecCell[] = [
  codecCell(
    '1.2/content-type/absent-means-binary',
    'tells of no type where there is none, and gives the octets of the body',
    (version) => {
      const frame = frameOf(version, 'MESSAGE\ncontent-length:3\n\n', Uint8Array.of(0xff, 0, 0xfe), '\0')
      expect(readContentType(frame.headers)).toBeUndefined()
      expect([...frame.body]).toEqual([0xff, 0, 0xfe])
    },
    FROM_1_1,
  ),
  codecCell(
    ['1.2/content-type/text-means-utf-8', '1.2/content-type/utf-8-supported'],
    'reads the text of a body as UTF-8',
    (version) => {
      const frame = frameOf(version, 'MESSAGE\ncontent-type:text/plain\n\nżółć 🐴\0')
      expect(readContentType(frame.headers)).toEqual({ type: 'text/plain', parameters: {} })
      expect(frame.text).toBe('żółć 🐴')
    },
    FROM_1_1,
  ),
  codecCell(
    '1.2/content-type/text-charset',
    'tells of the charset of a text',
    () => {
      expect(typeOf('text/html;charset=utf-16')).toEqual({ type: 'text/html', parameters: { charset: 'utf-16' } })
    },
    FROM_1_1,
  ),
  codecCell(
    '1.2/content-type/other-charset',
    'tells of the charset of a type that can be read as text',
    () => {
      expect(typeOf('application/xml; charset="utf-8"')).toEqual({
        type: 'application/xml',
        parameters: { charset: 'utf-8' },
      })
    },
    FROM_1_1,
  ),
  codecCell(
    '1.2/content-type/utf-8-recommended',
    'writes text as UTF-8',
    (version) => {
      expect(written({ command: 'SEND', body: 'żółć 🐴' }, version)).toMatch(/\n\nżółć 🐴\0$/u)
    },
    FROM_1_1,
  ),
]

const repeated: readonly CodecCell[] = [
  codecCell(
    '1.2/repeated/first-one-counts',
    'gives the first of repeated headers',
    (version) => {
      expect(frameOf(version, 'MESSAGE\nfoo:World\nfoo:Hello\n\n\0').headers.get('foo')).toBe('World')
      const frame = frameOf(version, 'MESSAGE\ncontent-length:3\ncontent-length:1\n\nabc\0')
      expect(frame.text).toBe('abc')
    },
    FROM_1_1,
  ),
  codecCell(
    '1.2/repeated/later-ones-are-history',
    'keeps all repeated headers in their order, in reading and in writing',
    (version) => {
      const { headers } = frameOf(version, 'MESSAGE\nfoo:World\nbar:1\nfoo:Hello\n\n\0')
      expect(headers.getAll('foo')).toEqual(['World', 'Hello'])
      expect(written({ command: 'MESSAGE', headers }, version)).toBe(
        'MESSAGE\nfoo:World\nbar:1\nfoo:Hello\ncontent-length:0\n\n\0',
      )
    },
    FROM_1_1,
  ),
]

const limits: readonly CodecCell[] = [
  codecCell('1.2/limits/header-count', 'takes headers up to the limit and no more', (version) => {
    const read = (count: number): string | undefined =>
      flawOf({ version, limits: { maxHeaders: 3 } }, `SEND\n${'foo:bar\n'.repeat(count)}\n\0`)
    expect([read(3), read(4)]).toEqual([undefined, 'STOMP_ERR_TOO_MANY_HEADERS'])
  }),
  codecCell('1.2/limits/header-line', 'takes a header line up to the limit and no longer', (version) => {
    const read = (length: number): string | undefined =>
      flawOf({ version, limits: { maxHeaderLineBytes: 100 } }, `SEND\nfoo:${'x'.repeat(length - 4)}\n\n\0`)
    expect([read(100), read(101)]).toEqual([undefined, 'STOMP_ERR_HEADER_LINE_TOO_LONG'])
  }),
  codecCell(
    '1.2/limits/body',
    'takes a body up to the limit and no larger, with and without content-length',
    (version) => {
      const read = (head: string, length: number): string | undefined =>
        flawOf({ version, limits: { maxBodyBytes: 100 } }, `SEND\n${head}\n${'x'.repeat(length)}\0`)
      expect([read('', 100), read('', 101)]).toEqual([undefined, 'STOMP_ERR_BODY_TOO_LARGE'])
      expect(read('content-length:100\n', 100)).toBeUndefined()
      expect(read('content-length:101\n', 101)).toBe('STOMP_ERR_BODY_TOO_LARGE')
    },
  ),
  codecCell(
    'ours/codec/limits-while-reading',
    'refuses while it reads, within a KiB of the octet that shows it, and waits for no end of the frame',
    (version) => {
      const limits = { maxHeaders: 3, maxHeaderLineBytes: 5_000, maxHeaderBytes: 8_000, maxBodyBytes: 10_000 }
      const read = (text: string): string | undefined => flawOf({ version, limits }, text)
      expect(read(`SEND\nfoo:${'x'.repeat(5_000)}`)).toBe('STOMP_ERR_HEADER_LINE_TOO_LONG')
      expect(read(`SEND\n${`foo:${'x'.repeat(3_000)}\n`.repeat(3)}`)).toBe('STOMP_ERR_HEADERS_TOO_LONG')
      expect(read(`SEND\ncontent-length:10001\n\n${'x'.repeat(1_024)}`)).toBe('STOMP_ERR_BODY_TOO_LARGE')
      expect(read(`SEND\n\n${'x'.repeat(10_001)}`)).toBe('STOMP_ERR_BODY_TOO_LARGE')
      expect(read('PUBLISHEVERYTHING')).toBe('STOMP_ERR_UNKNOWN_COMMAND')
    },
  ),
]

/** content-length, content-type, repeated headers, limits. */
export const standardHeaderCells: readonly CodecCell[] = [...contentLength, ...contentType, ...repeated, ...limits]
