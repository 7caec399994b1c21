import { expect } from 'vitest'
import { type CodecCell, codecCell } from '../../cells.js'
import { FROM_1_1, ONLY_1_0, ONLY_1_1, ONLY_1_2 } from '../../requirement.js'
import { flawOf, frameOf, readAll, refusalOf, written } from './stream.js'

const encoding: readonly CodecCell[] = [
  codecCell(
    ['1.2/value-encoding/utf-8', '1.2/content-type/utf-8-supported'],
    'reads and writes names and values as UTF-8',
    (version) => {
      const text = 'SEND\ngrüße:żółć 🐴\ncontent-length:0\n\n\0'
      expect([...frameOf(version, new TextEncoder().encode(text)).headers][0]).toEqual(['grüße', 'żółć 🐴'])
      expect(written({ command: 'SEND', headers: { grüße: 'żółć 🐴' } }, version)).toBe(text)
    },
    FROM_1_1,
  ),
  codecCell('ours/codec/ill-formed-utf-8', 'refuses a header that is no well-formed UTF-8', (version) => {
    for (const bad of [[0xff], [0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80]]) {
      for (const [before, after] of [
        ['SEND\nfoo:', '\n\nx\0'],
        ['SEND\n', ':bar\n\nx\0'],
      ] as const) {
        expect(flawOf({ version }, before, Uint8Array.from(bad), after)).toBe('STOMP_ERR_ILL_FORMED_UTF8')
      }
    }
  }),
]

const unescaping: readonly CodecCell[] = [
  codecCell(
    '1.2/escape/decode-lf-colon-backslash',
    'reads the escapes for line feed, colon and backslash in names and values, each once',
    (version) => {
      const frame = frameOf(version, 'SEND\na\\cb\\n\\\\:\\c\\\\n\\n\\\\c\n\n\0')
      expect([...frame.headers]).toEqual([['a:b\n\\', ':\\n\n\\c']])
    },
    FROM_1_1,
  ),
  codecCell(
    '1.2/escape/decode-cr',
    'reads the escape for carriage return in names and values',
    (version) => {
      expect([...frameOf(version, 'SEND\n\\ra:b\\r\\\\r\n\n\0').headers]).toEqual([['\ra', 'b\r\\r']])
    },
    ONLY_1_2,
  ),
  codecCell(
    '1.2/escape/undefined-is-fatal',
    'refuses an undefined escape in a name or a value, and at its end',
    (version) => {
      for (const bad of ['\\t', '\\N', '\\C', '\\0', '\\ ', '\\x41', 'a\\']) {
        expect([bad, flawOf({ version }, `SEND\nfoo:${bad}\n\n\0`)]).toEqual([bad, 'STOMP_ERR_UNDEFINED_ESCAPE'])
        expect([bad, flawOf({ version }, `SEND\n${bad}:foo\n\n\0`)]).toEqual([bad, 'STOMP_ERR_UNDEFINED_ESCAPE'])
      }
    },
    FROM_1_1,
  ),
  codecCell(
    '1.1/escape/cr-is-undefined',
    'refuses the escape of 1.2 for carriage return',
    (version) => {
      expect(flawOf({ version }, 'SEND\nfoo:a\\rb\n\n\0')).toBe('STOMP_ERR_UNDEFINED_ESCAPE')
    },
    ONLY_1_1,
  ),
]

const escaping: readonly CodecCell[] = [
  codecCell(
    '1.2/escape/encode-lf-colon-backslash',
    'writes line feed, colon and backslash of names and values as escapes',
    (version) => {
      expect(written({ command: 'RECEIPT', headers: { 'a:b\n\\': ':\\n\n' } }, version)).toBe(
        'RECEIPT\na\\cb\\n\\\\:\\c\\\\n\\n\n\n\0',
      )
    },
    FROM_1_1,
  ),
  codecCell(
    '1.2/escape/encode-cr',
    'writes carriage return of names and values as an escape',
    (version) => {
      expect(written({ command: 'RECEIPT', headers: { 'a\r': '\rb\r' } }, version)).toBe('RECEIPT\na\\r:\\rb\\r\n\n\0')
    },
    ONLY_1_2,
  ),
  codecCell(
    'ours/codec/unwritable-header-throws',
    'throws for what the version cannot write, and only for that',
    (version) => {
      const refused = (headers: Record<string, string>, command: 'SEND' | 'CONNECTED' = 'SEND'): boolean =>
        refusalOf({ command, headers }, version) === 'STOMP_ERR_UNWRITABLE_HEADER'
      const isOld = version === '1.0'
      expect(refused({ foo: 'a\nb' })).toBe(isOld)
      expect(refused({ 'foo:bar': 'baz' })).toBe(isOld)
      expect(refused({ foo: ' padded' })).toBe(isOld)
      expect(refused({ foo: 'a:b\\c' })).toBe(false)
      expect(refused({ foo: 'a\0b' })).toBe(true)
      expect(refused({ 'a\0b': 'foo' })).toBe(true)
      expect(refused({ '': 'foo' })).toBe(true)
      expect(refused({ foo: 'a\nb' }, 'CONNECTED')).toBe(true)
      expect(refused({ 'foo:bar': 'baz' }, 'CONNECTED')).toBe(true)
    },
  ),
]

const raw: readonly CodecCell[] = [
  codecCell(
    ['1.2/escape/not-in-connect', 'E26'],
    'neither reads nor writes escapes in CONNECT, STOMP and CONNECTED',
    (version) => {
      for (const command of ['CONNECT', 'STOMP', 'CONNECTED'] as const) {
        const text = `${command}\npasscode:a:b\\c\\q\\\n\n\0`
        expect(frameOf(version, text).headers.get('passcode')).toBe('a:b\\c\\q\\')
        expect(written({ command, headers: { passcode: 'a:b\\c\\q\\' } }, version)).toBe(text)
      }
    },
  ),
  codecCell(
    '1.0/escape/none',
    'takes a backslash and the colons of a value as they are',
    (version) => {
      const text = 'MESSAGE\nfoo:a\\nb:c\\\\d\\q\ncontent-length:0\n\n\0'
      expect(frameOf(version, text).headers.get('foo')).toBe('a\\nb:c\\\\d\\q')
      expect(written({ command: 'MESSAGE', headers: { foo: 'a\\nb:c\\\\d\\q' } }, version)).toBe(text)
    },
    ONLY_1_0,
  ),
  codecCell(
    '1.2/headers/never-trimmed-or-padded',
    'keeps spaces and tabs around names and values, in reading and in writing',
    (version) => {
      for (const command of ['SEND', 'CONNECT'] as const) {
        const [frame] = readAll({ version }, `${command}\n foo\t: \tbar  \n\n\0`)
        expect(frame === 'heart-beat' ? [] : [...(frame?.headers ?? [])]).toEqual([[' foo\t', ' \tbar  ']])
        expect(written({ command, headers: { ' foo\t': ' \tbar  ', plain: 'x' } }, version)).toContain(
          '\n foo\t: \tbar  \nplain:x\n',
        )
      }
    },
    FROM_1_1,
  ),
  codecCell(
    'ours/codec/trimming-in-1.0',
    'drops the spaces that 1.0 puts around names and values',
    (version) => {
      for (const command of ['SUBSCRIBE', 'CONNECT']) {
        const { headers } = frameOf(version, `${command}\ndestination: /queue/a \n ack\t:  client\n\n\0`)
        expect([...headers].flat()).toEqual(['destination', '/queue/a', 'ack', 'client'])
      }
    },
    ONLY_1_0,
  ),
]

/** Value encoding. */
export const escapeCells: readonly CodecCell[] = [...encoding, ...unescaping, ...escaping, ...raw]
