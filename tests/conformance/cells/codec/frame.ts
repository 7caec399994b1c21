import type { ClientCommand, Command } from '@hoofbeat/codec'
import { expect } from 'vitest'
import { type CodecCell, codecCell } from '../../cells.js'
import { BEFORE_1_2, FROM_1_1, ONLY_1_0, ONLY_1_2 } from '../../requirement.js'
import { flawOf, frameOf, framesOf, readAll, refusalOf, written } from './stream.js'

const CLIENT_COMMANDS: readonly ClientCommand[] = [
  'CONNECT',
  'STOMP',
  'SEND',
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'BEGIN',
  'COMMIT',
  'ABORT',
  'ACK',
  'NACK',
  'DISCONNECT',
]
const SERVER_COMMANDS: readonly Command[] = ['CONNECTED', 'MESSAGE', 'RECEIPT', 'ERROR']
const WITHOUT_BODY = [...CLIENT_COMMANDS, ...SERVER_COMMANDS].filter(
  (command) => !['SEND', 'MESSAGE', 'ERROR'].includes(command),
)

const shape: readonly CodecCell[] = [
  codecCell('1.2/frame/shape', 'reads command, headers, blank line, body and NUL', (version) => {
    const frame = frameOf(version, 'SEND\nheader1:value1\nheader2:value2\n\nBody\0')
    expect(frame.command).toBe('SEND')
    expect([...frame.headers]).toEqual([
      ['header1', 'value1'],
      ['header2', 'value2'],
    ])
    expect(frame.text).toBe('Body')
  }),
  codecCell('1.2/frame/shape', 'writes command, headers, blank line, body and NUL', (version) => {
    expect(written({ command: 'SEND', headers: { header1: 'value1' }, body: 'Body' }, version)).toBe(
      'SEND\nheader1:value1\ncontent-length:4\n\nBody\0',
    )
  }),
  codecCell('1.2/frame/zero-or-more-headers', 'reads and writes a frame without headers', (version) => {
    expect(frameOf(version, 'DISCONNECT\n\n\0').headers.size).toBe(0)
    expect(written({ command: 'DISCONNECT' }, version)).toBe('DISCONNECT\n\n\0')
  }),
  codecCell(
    '1.2/frame/line-ends-with-lf-or-crlf',
    'reads lines that end with LF, with CRLF, and both in one frame',
    (version) => {
      for (const text of [
        'SEND\nfoo:bar\nbaz:\n\nx\r\n\0',
        'SEND\r\nfoo:bar\r\nbaz:\r\n\r\nx\r\n\0',
        'SEND\nfoo:bar\r\nbaz:\n\r\nx\r\n\0',
      ]) {
        const frame = frameOf(version, text)
        expect([...frame.headers].flat()).toEqual(['foo', 'bar', 'baz', ''])
        expect(frame.text).toBe('x\r\n')
      }
    },
    ONLY_1_2,
  ),
  codecCell(
    '1.1/frame/line-ends-with-lf',
    'reads a carriage return before the line feed as part of the line',
    (version) => {
      expect(frameOf(version, 'SEND\nfoo:bar\r\n\nx\0').headers.get('foo')).toBe('bar\r')
      expect(flawOf({ version }, 'SEND\r\nfoo:bar\n\nx\0')).toBe('STOMP_ERR_UNKNOWN_COMMAND')
      expect(flawOf({ version }, 'SEND\nfoo:bar\n\r\nx\0')).toBe('STOMP_ERR_MALFORMED_HEADER')
    },
    BEFORE_1_2,
  ),
  codecCell('ours/codec/crlf-in-connect', 'reads CRLF in CONNECT and STOMP of every version', (version) => {
    for (const command of ['CONNECT', 'STOMP']) {
      const frame = frameOf(version, `${command}\r\naccept-version:1.1\r\nhost:h\r\n\r\n\0`)
      expect([...frame.headers].flat()).toEqual(['accept-version', '1.1', 'host', 'h'])
    }
  }),
  codecCell('1.2/frame/line-ends-may-follow', 'reads any number of line ends behind the NUL', (version) => {
    const text = 'SEND\n\na\0\n\n\n\nSEND\n\nb\0\n'
    expect(framesOf(version, text).map((frame) => frame.text)).toEqual(['a', 'b'])
  }),
  codecCell(
    '1.2/frame/case-sensitive',
    'tells commands and header names apart by case',
    (version) => {
      expect(flawOf({ version }, 'send\n\n\0')).toBe('STOMP_ERR_UNKNOWN_COMMAND')
      const { headers } = frameOf(version, 'SEND\nDestination:/a\n\n\0')
      expect([headers.has('destination'), headers.get('Destination')]).toEqual([false, '/a'])
    },
    FROM_1_1,
  ),
  codecCell(
    '1.2/body/encoding-is-free',
    'carries a body in any encoding octet for octet',
    (version) => {
      const body = Uint8Array.from({ length: 512 }, (_, i) => (i * 7) % 256)
      const head = new TextEncoder().encode('MESSAGE\ncontent-type:text/html;charset=utf-16\ncontent-length:512\n\n')
      const frame = frameOf(version, head, body, '\0')
      expect([...frame.body]).toEqual([...body])
    },
    FROM_1_1,
  ),
]

const grammar: readonly CodecCell[] = [
  codecCell('1.2/bnf/frame-stream', 'reads one frame after another, with nothing between', (version) => {
    const text = 'SEND\nn:1\n\na\0SUBSCRIBE\nid:1\n\n\0MESSAGE\n\nb\0'
    expect(framesOf(version, text).map((frame) => frame.command)).toEqual(['SEND', 'SUBSCRIBE', 'MESSAGE'])
  }),
  codecCell(
    ['1.2/bnf/client-commands', '1.0/bnf/client-commands'],
    'reads each command of a client, and writes it',
    (version) => {
      const known = version === '1.0' ? CLIENT_COMMANDS.filter((c) => c !== 'STOMP' && c !== 'NACK') : CLIENT_COMMANDS
      for (const command of known) {
        const [frame] = readAll({ version, from: 'client' }, `${command}\nfoo:bar\n\n\0`)
        expect(frame).toMatchObject({ command })
        expect(written({ command, headers: { foo: 'bar' } }, version)).toMatch(new RegExp(`^${command}\nfoo:bar\n`))
      }
    },
  ),
  codecCell('1.2/bnf/server-commands', 'reads each command of a server, and writes it', (version) => {
    for (const command of SERVER_COMMANDS) {
      const [frame] = readAll({ version, from: 'server' }, `${command}\nfoo:bar\n\n\0`)
      expect(frame).toMatchObject({ command })
      expect(written({ command, headers: { foo: 'bar' } }, version)).toMatch(new RegExp(`^${command}\nfoo:bar\n`))
    }
  }),
  codecCell('E12', 'refuses a server’s command from a client, and a client’s from a server', (version) => {
    for (const command of SERVER_COMMANDS) {
      expect(flawOf({ version, from: 'client' }, `${command}\n\n\0`)).toBe('STOMP_ERR_WRONG_DIRECTION')
    }
    for (const command of CLIENT_COMMANDS) {
      expect(flawOf({ version, from: 'server' }, `${command}\n\n\0`)).toBe('STOMP_ERR_WRONG_DIRECTION')
    }
  }),
  codecCell('1.2/client-frames/unknown-command', 'refuses a command that is not of the protocol', (version) => {
    for (const command of ['', ' ', 'PUBLISH', 'SENDER', 'SEND ', ' SEND', 'GET / HTTP/1.1']) {
      expect([command, flawOf({ version }, `${command}X\n\n\0`)]).toEqual([command, 'STOMP_ERR_UNKNOWN_COMMAND'])
    }
  }),
  codecCell(['1.2/bnf/header-name-not-empty'], 'neither reads nor writes a header without a name', (version) => {
    expect(flawOf({ version }, 'SEND\n:value\n\n\0')).toBe('STOMP_ERR_MALFORMED_HEADER')
    expect(refusalOf({ command: 'SEND', headers: { '': 'value' } }, version)).toBe('STOMP_ERR_UNWRITABLE_HEADER')
  }),
  codecCell(
    'E24',
    'refuses an empty name, but not an empty value or one with colons; and trims nothing',
    (version) => {
      expect(flawOf({ version }, 'SEND\n:value\n\n\0')).toBe('STOMP_ERR_MALFORMED_HEADER')
      const { headers } = frameOf(version, 'SEND\nempty:\ntime:12:30:00\n padded : a \n\n\0')
      expect([...headers].flat()).toEqual(['empty', '', 'time', '12:30:00', ' padded ', ' a '])
    },
    FROM_1_1,
  ),
  codecCell(
    '1.2/bnf/header-value-may-be-empty',
    'reads and writes an empty value',
    (version) => {
      expect(frameOf(version, 'SEND\nempty:\n\n\0').headers.get('empty')).toBe('')
      expect(written({ command: 'SUBSCRIBE', headers: { empty: '' } }, version)).toBe('SUBSCRIBE\nempty:\n\n\0')
    },
    FROM_1_1,
  ),
  codecCell(
    ['1.2/bnf/delimiters-stand-for-themselves-only', '1.1/bnf/delimiters-stand-for-themselves-only'],
    'writes no raw delimiter within a name or a value',
    (version) => {
      const text = written(
        { command: 'SEND', headers: { 'a:\nb': 'c:\nd', last: version === '1.2' ? '\r' : '' } },
        version,
      )
      const [, ...lines] = text.slice(0, text.indexOf('\n\n')).split('\n')
      expect(lines).toHaveLength(3)
      for (const line of lines) expect(line).toMatch(/^[^:\r]+:[^:\r]*$/)
    },
    FROM_1_1,
  ),
  codecCell('1.2/bnf/header-has-colon', 'refuses a header line without a colon', (version) => {
    expect(flawOf({ version }, 'SEND\nfoo:bar\nnothing\n\n\0')).toBe('STOMP_ERR_MALFORMED_HEADER')
  }),
]

const bodies: readonly CodecCell[] = [
  codecCell(
    '1.2/body/send-message-error-may',
    'reads and writes a body of SEND, MESSAGE and ERROR',
    (version) => {
      for (const command of ['SEND', 'MESSAGE', 'ERROR'] as const) {
        expect(frameOf(version, `${command}\n\nBody\0`).text).toBe('Body')
        expect(written({ command, body: 'Body' }, version)).toMatch(/\n\nBody\0$/)
      }
    },
    FROM_1_1,
  ),
  codecCell(
    '1.2/body/others-must-not',
    'neither reads nor writes a body of any other frame',
    (version) => {
      for (const command of WITHOUT_BODY) {
        expect(flawOf({ version }, `${command}\n\nBody\0`)).toBe('STOMP_ERR_BODY_NOT_ALLOWED')
        expect(flawOf({ version }, `${command}\ncontent-length:4\n\nBody\0`)).toBe('STOMP_ERR_BODY_NOT_ALLOWED')
        expect(refusalOf({ command, body: 'Body' }, version)).toBe('STOMP_ERR_BODY_NOT_ALLOWED')
      }
    },
    FROM_1_1,
  ),
  codecCell(
    '1.0/subscribe/body-is-ignored',
    'reads a 1.0 SUBSCRIBE that has a body, and the frame behind it',
    (version) => {
      for (const length of ['', 'content-length: 4\n']) {
        const frames = framesOf(
          version,
          `SUBSCRIBE\ndestination: /queue/foo\nack: client\n${length}\nBody\0SEND\n\nx\0`,
        )
        expect(frames.map((frame) => frame.command)).toEqual(['SUBSCRIBE', 'SEND'])
        expect(frames[0]?.headers.get('destination')).toBe('/queue/foo')
      }
    },
    ONLY_1_0,
  ),
]

/** Frames, grammar, bodies. */
export const frameCells: readonly CodecCell[] = [...shape, ...grammar, ...bodies]
