import { describe, expect, it } from 'vitest'
import { PLATFORMS } from '../test/load.js'
import { bytes, cut, drain, drainAll, equal, failure, plain, read, utf8 } from '../test/read.js'
import type { DecoderOptions, ProtocolErrorCode, Version } from './index.js'

interface BadStream {
  readonly title: string
  readonly stream: string
  readonly code: ProtocolErrorCode
  readonly offset: number
  readonly options?: DecoderOptions
}

const v = (version: Version): DecoderOptions => ({ version })

/** Each is given whole, and byte by byte: the answer is the same. Characters are bytes. */
const BAD_STREAMS: readonly BadStream[] = [
  { title: 'an unknown command', stream: 'HELLO\n\n\0', code: 'STOMP_ERR_UNKNOWN_COMMAND', offset: 0 },
  { title: 'a command in lower case', stream: 'send\n\n\0', code: 'STOMP_ERR_UNKNOWN_COMMAND', offset: 0 },
  { title: 'a command with a space', stream: 'SEND \n\n\0', code: 'STOMP_ERR_UNKNOWN_COMMAND', offset: 0 },
  { title: 'a space before a command', stream: ' SEND\n\n\0', code: 'STOMP_ERR_UNKNOWN_COMMAND', offset: 0 },
  {
    title: 'a first line longer than any command',
    stream: 'UNSUBSCRIBERS',
    code: 'STOMP_ERR_UNKNOWN_COMMAND',
    offset: 0,
  },
  { title: 'a NUL in the command line', stream: 'SEND\0', code: 'STOMP_ERR_UNKNOWN_COMMAND', offset: 0 },
  { title: 'a name that every object has', stream: 'constructor\n\n\0', code: 'STOMP_ERR_UNKNOWN_COMMAND', offset: 0 },
  { title: 'an HTTP request', stream: 'GET / HTTP/1.1\r\n', code: 'STOMP_ERR_UNKNOWN_COMMAND', offset: 0 },
  { title: 'a TLS handshake', stream: '\x16\x03\x01', code: 'STOMP_ERR_UNKNOWN_COMMAND', offset: 0 },
  { title: 'a CR alone between frames', stream: 'ACK\n\n\0\rACK\n\n\0', code: 'STOMP_ERR_UNKNOWN_COMMAND', offset: 6 },
  {
    title: 'CRLF after a command in STOMP 1.1',
    stream: 'SEND\r\n\n\0',
    code: 'STOMP_ERR_UNKNOWN_COMMAND',
    offset: 0,
    options: v('1.1'),
  },
  {
    title: 'CRLF as the blank line in STOMP 1.1',
    stream: 'SEND\na:b\n\r\n\0',
    code: 'STOMP_ERR_MALFORMED_HEADER',
    offset: 9,
    options: v('1.1'),
  },
  {
    title: 'a command of the server from a client',
    stream: 'MESSAGE\n\n\0',
    code: 'STOMP_ERR_WRONG_DIRECTION',
    offset: 0,
    options: { from: 'client' },
  },
  {
    title: 'a command of a client from the server',
    stream: 'SEND\n\n\0',
    code: 'STOMP_ERR_WRONG_DIRECTION',
    offset: 0,
    options: { from: 'server' },
  },
  { title: 'a header without colon', stream: 'SEND\na:1\nfoo\n\n\0', code: 'STOMP_ERR_MALFORMED_HEADER', offset: 9 },
  { title: 'a header without name', stream: 'SEND\n:x\n\n\0', code: 'STOMP_ERR_MALFORMED_HEADER', offset: 5 },
  {
    title: 'a name of spaces in STOMP 1.0',
    stream: 'SEND\n \t:x\n\n\0',
    code: 'STOMP_ERR_MALFORMED_HEADER',
    offset: 5,
    options: v('1.0'),
  },
  { title: 'a NUL in a header line', stream: 'SEND\na:b\0c\n\n\0', code: 'STOMP_ERR_NUL_IN_HEADER', offset: 8 },
  {
    title: 'a frame with a body that has no blank line',
    stream: 'SEND\na:b\n\0',
    code: 'STOMP_ERR_NUL_IN_HEADER',
    offset: 9,
  },
  {
    title: 'a content-length on a frame that has no blank line',
    stream: 'ACK\ncontent-length:1\n\0x\0',
    code: 'STOMP_ERR_NUL_IN_HEADER',
    offset: 21,
  },
  { title: 'an undefined escape', stream: 'SEND\na:b\\tc\n\n\0', code: 'STOMP_ERR_UNDEFINED_ESCAPE', offset: 8 },
  {
    title: 'an undefined escape in a name',
    stream: 'SEND\na\\:b\n\n\0',
    code: 'STOMP_ERR_UNDEFINED_ESCAPE',
    offset: 6,
  },
  {
    title: 'a backslash at the end of a value',
    stream: 'SEND\na:\\\\\\\n\n\0',
    code: 'STOMP_ERR_UNDEFINED_ESCAPE',
    offset: 9,
  },
  {
    title: 'a backslash at the end of a value before CRLF',
    stream: 'SEND\r\na:b\\\r\n\r\n\0',
    code: 'STOMP_ERR_UNDEFINED_ESCAPE',
    offset: 9,
  },
  {
    title: '\\r in STOMP 1.1',
    stream: 'SEND\na:\\n\\r\n\n\0',
    code: 'STOMP_ERR_UNDEFINED_ESCAPE',
    offset: 9,
    options: v('1.1'),
  },
  {
    title: 'an undefined escape behind characters that are not ASCII',
    stream: 'SEND\n\xc3\xbc:\xc3\xbc\\x\n\n\0',
    code: 'STOMP_ERR_UNDEFINED_ESCAPE',
    offset: 10,
  },
  { title: 'bytes that are not UTF-8', stream: 'SEND\na:\xe9\n\n\0', code: 'STOMP_ERR_ILL_FORMED_UTF8', offset: 7 },
  { title: 'a name that is not UTF-8', stream: 'SEND\n\xc3:a\n\n\0', code: 'STOMP_ERR_ILL_FORMED_UTF8', offset: 5 },
  {
    title: 'an over-long form of UTF-8',
    stream: 'SEND\na:\xc0\x80\n\n\0',
    code: 'STOMP_ERR_ILL_FORMED_UTF8',
    offset: 7,
  },
  { title: 'a surrogate in UTF-8', stream: 'SEND\na:\xed\xa0\x80\n\n\0', code: 'STOMP_ERR_ILL_FORMED_UTF8', offset: 7 },
  {
    title: 'a character that is cut by the line end',
    stream: 'SEND\na:\xe2\x82\n\n\0',
    code: 'STOMP_ERR_ILL_FORMED_UTF8',
    offset: 7,
  },
  ...['', ' ', '-1', '+1', '1.0', '0x1', '1e3', '1 2', 'five', '\xef\xbc\x91'].map((value) => ({
    title: `a content-length of "${value}"`,
    stream: `SEND\na:b\ncontent-length:${value}\n\n\0`,
    code: 'STOMP_ERR_INVALID_CONTENT_LENGTH' as const,
    offset: 9,
  })),
  {
    title: 'more digits of content-length than a number holds',
    stream: `SEND\ncontent-length:${'9'.repeat(400)}\n\n`,
    code: 'STOMP_ERR_BODY_TOO_LARGE',
    offset: 422,
  },
  {
    title: 'a body that goes on behind its content-length',
    stream: 'SEND\ncontent-length:2\n\nabc\0',
    code: 'STOMP_ERR_BODY_NOT_TERMINATED',
    offset: 25,
  },
  {
    title: 'a body that is shorter than its content-length, with a frame behind it',
    stream: 'SEND\ncontent-length:5\n\nabc\0SEND\n\n\0',
    code: 'STOMP_ERR_BODY_NOT_TERMINATED',
    offset: 28,
  },
  { title: 'a body on SUBSCRIBE', stream: 'SUBSCRIBE\n\nx\0', code: 'STOMP_ERR_BODY_NOT_ALLOWED', offset: 11 },
  {
    title: 'a body on RECEIPT in STOMP 1.1, by content-length',
    stream: 'RECEIPT\ncontent-length:1\n\n',
    code: 'STOMP_ERR_BODY_NOT_ALLOWED',
    offset: 26,
    options: v('1.1'),
  },
  {
    title: 'a body on CONNECT in STOMP 1.0',
    stream: 'CONNECT\n\nx\0',
    code: 'STOMP_ERR_BODY_NOT_ALLOWED',
    offset: 9,
    options: v('1.0'),
  },
  {
    title: 'more headers than allowed',
    stream: 'SEND\na:1\nb:2\nc:3\n\n\0',
    code: 'STOMP_ERR_TOO_MANY_HEADERS',
    offset: 13,
    options: { limits: { maxHeaders: 2 } },
  },
  {
    title: 'more headers than allowed that never end',
    stream: `SEND\n${'a:1\n'.repeat(400)}`,
    code: 'STOMP_ERR_TOO_MANY_HEADERS',
    offset: 5 + 64 * 4,
  },
  {
    title: 'a header line longer than allowed that never ends',
    stream: `SEND\na:1\n${'x'.repeat(8193)}`,
    code: 'STOMP_ERR_HEADER_LINE_TOO_LONG',
    offset: 9,
  },
  {
    title: 'a whole header line longer than allowed',
    stream: `SEND\nlong:${'x'.repeat(8188)}\n\n\0`,
    code: 'STOMP_ERR_HEADER_LINE_TOO_LONG',
    offset: 5,
  },
  {
    title: 'header lines longer than allowed in all',
    stream: `SEND\na:${'x'.repeat(8000)}\nb:${'x'.repeat(8000)}\nc:${'x'.repeat(400)}`,
    code: 'STOMP_ERR_HEADERS_TOO_LONG',
    offset: 5 + 2 * 8003,
  },
  {
    title: 'a body longer than allowed, by content-length, before any of it came',
    stream: 'SEND\ncontent-length:65537\n\n',
    code: 'STOMP_ERR_BODY_TOO_LARGE',
    offset: 27,
  },
  {
    title: 'a body longer than allowed without content-length, before its end',
    stream: `SEND\n\n${'x'.repeat(65537)}`,
    code: 'STOMP_ERR_BODY_TOO_LARGE',
    offset: 6,
  },
]

describe.each(PLATFORMS)('the decoder $platform', ({ codec }) => {
  for (const { title, stream, code, offset, options } of BAD_STREAMS) {
    it(`refuses ${title}: ${code}`, () => {
      for (const chunks of [[bytes(stream)], cut(bytes(stream), 1), cut(bytes(stream), 700)]) {
        expect(read(codec, chunks, options).error).toEqual({ code, offset })
      }
    })
  }

  it('takes a header section, a line and a body that just keep to their limits', () => {
    const line = `a:${'x'.repeat(8190)}\n`
    const lines = `${line}b:${'x'.repeat(16384 - line.length - 3)}\n`
    for (const blank of ['\n', '\r\n']) {
      const stream = utf8(`SEND\n${lines}${blank}${'y'.repeat(65536)}\0ACK\n\n\0`)
      for (const chunks of [[stream], cut(stream, 1), cut(stream, 5000)]) {
        const { frames, error } = read(codec, chunks)
        expect(error).toBeUndefined()
        expect(frames.map(({ command, body }) => [command, body.length])).toEqual([
          ['SEND', 65536],
          ['ACK', 0],
        ])
      }
    }
  })

  it('refuses header lines that are one byte too long in all', () => {
    const refused = (lines: string) => {
      const stream = utf8(`SEND\n${lines}\n\0`)
      for (const chunks of [[stream], cut(stream, 1)]) {
        const error = read(codec, chunks, { limits: { maxHeaderBytes: 20 } }).error
        expect(error?.code).toBe(lines.length > 20 ? 'STOMP_ERR_HEADERS_TOO_LONG' : undefined)
      }
    }
    for (const lines of [
      'a:345678\nb:45678\n',
      'a:345678\nb:45678\nc:\n',
      `a:${'x'.repeat(17)}\n`,
      `a:${'x'.repeat(18)}\n`,
    ]) {
      refused(lines)
    }
    refused(`${'a:3456789\n'.repeat(2)}`)
    refused(`${'a:3456789\n'.repeat(2)}b:\n`)
  })

  it('counts the headers of each frame apart, also of frames in pieces', () => {
    const stream = utf8('SEND\na:1\nb:2\n\nx\0'.repeat(20))
    expect(read(codec, cut(stream, 5), { limits: { maxHeaders: 2 } }).frames).toHaveLength(20)
  })

  it('counts 64 headers, repeats and all, as few enough', () => {
    const stream = `SEND\n${'a:1\n'.repeat(64)}\n\0`
    expect(read(codec, [stream]).frames[0]?.headers).toHaveLength(64)
    expect(read(codec, cut(utf8(stream), 1)).frames[0]?.headers).toHaveLength(64)
  })

  it('reads bodies of any length from streams of any cut', () => {
    for (const length of [1000, 1024, 8191, 8192, 8193, 70_000, 200_000]) {
      const body = Uint8Array.from({ length }, (_, index) => index % 251)
      const text = body.map((octet) => octet || 1)
      const stream = Uint8Array.from([
        ...utf8(`SEND\na:b\ncontent-length:${length}\n\n`),
        ...body,
        ...utf8('\0\nSEND\na:b\n\n'),
        ...text,
        ...utf8('\0ACK\n\n\0'),
      ])
      for (const chunks of [[stream], cut(stream, 999), cut(stream, 65536)]) {
        const decoder = codec.createDecoder({ limits: { maxBodyBytes: 1 << 20 } })
        const frames = chunks.flatMap((chunk) => {
          decoder.push(chunk)
          return drain(decoder)
        })
        expect(frames.map(({ command }) => command)).toEqual(['SEND', 'SEND', 'ACK'])
        expect(equal(frames[0]?.body, body)).toBe(true)
        expect(equal(frames[1]?.body, text)).toBe(true)
        expect(frames[1]?.text === new TextDecoder().decode(text)).toBe(true)
      }
    }
  })

  it('ignores bodies of frames that have none, in STOMP 1.0 only', () => {
    const stream = 'SUBSCRIBE\ndestination:/q\n\nwhatever\0DISCONNECT\n\n\0'
    const { frames } = read(codec, [stream], { version: '1.0' })
    expect(frames.map(({ command, body }) => [command, body.length])).toEqual([
      ['SUBSCRIBE', 8],
      ['DISCONNECT', 0],
    ])
  })

  it('returns the frames before a bad one, then throws its error for ever', () => {
    const decoder = codec.createDecoder()
    decoder.push('ACK\nid:1\n\n\0\nNACK\nid:2\n\n\0FOO\n\n\0ACK\nid:3\n\n\0')
    expect(decoder.next()).toMatchObject({ command: 'ACK' })
    expect(decoder.next()).toBe('heart-beat')
    expect(decoder.next()).toMatchObject({ command: 'NACK' })
    expect(decoder.error).toBeUndefined()

    const error = failure(codec, ['ACK\nid:1\n\n\0\nNACK\nid:2\n\n\0FOO\n\n\0'])
    expect(error).toMatchObject({ name: 'ProtocolError', code: 'STOMP_ERR_UNKNOWN_COMMAND', offset: 24 })
    expect(() => decoder.next()).toThrow(error.message)
    expect(decoder.error).toMatchObject({ code: 'STOMP_ERR_UNKNOWN_COMMAND', offset: 24 })

    decoder.push('ACK\n\n\0')
    expect(decoder.pendingBytes).toBe(0)
    expect(decoder.isInsideFrame).toBe(false)
    expect(() => decoder.next()).toThrow(decoder.error)
  })

  it('counts the offset of an error over all chunks', () => {
    const frame = `SEND\ncontent-length:2000\n\n${'x'.repeat(2000)}\0`
    expect(read(codec, cut(utf8(`${frame.repeat(5)}X`), 33)).error).toEqual({
      code: 'STOMP_ERR_UNKNOWN_COMMAND',
      offset: frame.length * 5,
    })
  })

  it('names the receipt that a bad frame asked for, if it can be read', () => {
    const receiptOf = (stream: string | Uint8Array, options?: DecoderOptions) =>
      failure(codec, [stream], options).receipt
    expect(receiptOf('FOO\nreceipt:r1\n\n\0')).toBe('r1')
    expect(receiptOf('SEND\nbad\nreceipt:a\\cb\\n\r\n\n\0')).toBe('a:b\n')
    expect(receiptOf('SEND\nreceipt:ü\nx:\\t\nreceipt:later\n\n\0')).toBe('ü')
    expect(receiptOf('SEND\nreceipt:r\ncontent-length:1\n\nxx\0')).toBe('r')
    expect(receiptOf('SUBSCRIBE\n receipt\t: r 1 \nbad\n\n\0', { version: '1.0' })).toBe('r 1')
    expect(receiptOf('SEND\nreceipt:a\\cb\nbad\n\n\0', { version: '1.0' })).toBe('a\\cb')
    expect(receiptOf('SEND\nreceipt:r\r\nbad\n\n\0', { version: '1.1' })).toBe('r\r')
  })

  it('names no receipt of another frame, of a body, of a line that has not ended, or that is not well written', () => {
    const receiptOf = (stream: string | Uint8Array) => failure(codec, [stream]).receipt
    expect(receiptOf('ACK\nreceipt:1\n\n\0FOO\n\n\0SEND\nreceipt:2\n\n\0')).toBeUndefined()
    expect(receiptOf('SEND\nbad\n\nreceipt:1\n\0')).toBeUndefined()
    expect(receiptOf('FOO\nreceipt:1')).toBeUndefined()
    expect(receiptOf('SEND\nbad\0\nreceipt:1\n\n\0')).toBeUndefined()
    expect(receiptOf('SEND\nreceipt:a\\t\n\n\0')).toBeUndefined()
    expect(receiptOf(bytes('SEND\nreceipt:\xff\n\n\0'))).toBeUndefined()
    expect(receiptOf('FOO\nxreceipt:1\nReceipt:2\n\n\0')).toBeUndefined()
  })

  it('tells heart-beats: one for each run of line ends, none for NULs', () => {
    const decoder = codec.createDecoder()
    const reads = (chunk: string) => {
      decoder.push(chunk)
      return drainAll(decoder).map((next) => (next === 'heart-beat' ? next : next.command))
    }
    expect(reads('')).toEqual([])
    expect(reads('\n')).toEqual(['heart-beat'])
    expect(reads('\r\n')).toEqual(['heart-beat'])
    expect(reads('\n\r\n\n\0\n')).toEqual(['heart-beat'])
    expect(reads('\0\0')).toEqual([])
    expect(reads('\nACK\n\n\0\nNACK\n\n\0\0\0ACK\n\n\0')).toEqual(['heart-beat', 'ACK', 'heart-beat', 'NACK', 'ACK'])
  })

  it('waits for the LF of a CR at the end of a chunk', () => {
    const decoder = codec.createDecoder()
    decoder.push('\r')
    expect(decoder.next()).toBeUndefined()
    expect(decoder.next()).toBeUndefined()
    expect(decoder.pendingBytes).toBe(1)
    decoder.push('\nACK\r')
    expect(drainAll(decoder)).toEqual(['heart-beat'])
    decoder.push('\nid:7\r')
    expect(drainAll(decoder)).toEqual([])
    decoder.push('\n\r')
    expect(drainAll(decoder)).toEqual([])
    decoder.push('\n')
    expect(drainAll(decoder)).toEqual([])
    decoder.push('\0')
    expect(drain(decoder).map(plain)).toEqual([{ command: 'ACK', headers: [['id', '7']], body: [] }])
  })

  it('reads the frames behind CONNECT by the version that was set when CONNECT was read', () => {
    const stream = 'CONNECT\naccept-version:1.0,1.1\n\n\0SUBSCRIBE\nid:\\n\n\n\0'
    const second = (version: Version) => {
      const decoder = codec.createDecoder({ from: 'client' })
      decoder.push(stream)
      decoder.next()
      decoder.version = version
      return decoder.next()
    }
    expect(second('1.0')).toMatchObject({ headers: { flat: ['id', '\\n'] } })
    expect(second('1.1')).toMatchObject({ headers: { flat: ['id', '\n'] } })
  })

  it('forgets what it knew of lines when the rules for reading them change', () => {
    const decoder = codec.createDecoder()
    const value = (stream: string) => {
      decoder.push(stream)
      return drain(decoder)[0]?.headers.get('a')
    }
    expect(value('CONNECT\na:x\\c\n\n\0')).toBe('x\\c')
    expect(value('SEND\na:x\\c\n\n\0')).toBe('x:')
    expect(value('CONNECT\na:x\\c\n\n\0')).toBe('x\\c')
    expect(value('SEND\na: x\n\n\0')).toBe(' x')
    decoder.version = '1.0'
    expect(value('SEND\na: x\n\n\0')).toBe('x')
    expect(value('SEND\na:x\\c\n\n\0')).toBe('x\\c')
    decoder.version = '1.1'
    expect(value('SEND\na: x\r\n\n\0')).toBe(' x\r')
    decoder.version = '1.2'
    expect(value('SEND\na: x\r\n\n\0')).toBe(' x')
  })

  it('knows lines again only if they are the same', () => {
    const decoder = codec.createDecoder()
    const headers = (lines: string) => {
      decoder.push(`SEND\n${lines}\n\0`)
      return drain(decoder)[0]?.headers.flat
    }
    expect(headers('a:1\nbb:2\nccc:3\n')).toEqual(['a', '1', 'bb', '2', 'ccc', '3'])
    expect(headers('a:1\nbb:2\nccc:3\n')).toEqual(['a', '1', 'bb', '2', 'ccc', '3'])
    expect(headers('a:12\nbb:2\nccc:2\n')).toEqual(['a', '12', 'bb', '2', 'ccc', '2'])
    expect(headers('bb:2\n')).toEqual(['bb', '2'])
    expect(headers('a:1\nccc:3\nbb:2\na:1\n')).toEqual(['a', '1', 'ccc', '3', 'bb', '2', 'a', '1'])
    expect(headers('\\\\:1\nü:2\na:3\nx:ü\n')).toEqual(['\\', '1', 'ü', '2', 'a', '3', 'x', 'ü'])
    expect(headers('\\\\:1\nü:2\na:3\nx:ü\n')).toEqual(['\\', '1', 'ü', '2', 'a', '3', 'x', 'ü'])
    expect(headers('a\\cb:1\n')).toEqual(['a:b', '1'])
    expect(headers('a:b:c\n')).toEqual(['a', 'b:c'])
    expect(headers('content-length:0\na:1\n')).toEqual(['content-length', '0', 'a', '1'])
    expect(headers('content-length:0\na:1\n')).toEqual(['content-length', '0', 'a', '1'])
  })

  it('never takes a content-length for known that is not one, or that another stood before', () => {
    const decoder = codec.createDecoder()
    const twice = 'SEND\ncontent-length:1\ncontent-length:9\n\nx\0'
    decoder.push(twice.repeat(40))
    expect(drain(decoder).map(({ text }) => text)).toEqual(Array(40).fill('x'))
    decoder.push('SEND\na:b\ncontent-length:9\n\n1\x002\x003\x004\x005\0')
    expect(drain(decoder).map(({ text }) => text)).toEqual(['1\x002\x003\x004\x005'])
    decoder.push('SEND\ncontent-length:1\ncontent-length:x\n\nx\0'.repeat(40))
    expect(drain(decoder)).toHaveLength(40)
    decoder.push('SEND\na:b\ncontent-length:x\n\nx\0')
    expect(() => decoder.next()).toThrow(expect.objectContaining({ code: 'STOMP_ERR_INVALID_CONTENT_LENGTH' }))
  })

  it('knows names again only if they are the same, also behind lines that it does not remember', () => {
    const decoder = codec.createDecoder({ limits: { maxHeaderLineBytes: 1000 } })
    const frames = [
      ['grün', '日本', 'destination', '/a', 'a:b', 'x', 'long', 'y'.repeat(300), 'n', '1'],
      ['grün', '日本', 'destination', '/a', 'a:b', 'x', 'long', 'y'.repeat(300), 'n', '2'],
      ['a', 'b:x', 'destinatioN', '/a', 'a', 'b', 'n', '3'],
      ['a', 'b'],
      ['grün', 'x', 'destination', '/b', 'a:b', '\n', 'long', 'z', 'n', '4', 'more', '5'],
    ]
    for (let round = 0; round < 40; round++) {
      for (const flat of frames) {
        const headers = codec.headersFromFlat(flat)
        decoder.push(codec.encode({ command: 'SEND', headers, body: 'x' }, '1.2'))
        expect(drain(decoder).map((frame) => frame.headers.flat)).toEqual([[...flat, 'content-length', '1']])
      }
    }
  })

  it('reads each frame by the version that is set then, whatever it has learnt of the stream', () => {
    const decoder = codec.createDecoder({ from: 'client' })
    const values = (stream: string) => {
      decoder.push(stream)
      return drain(decoder).map(({ headers }) => headers.get('a'))
    }
    for (let round = 0; round < 3; round++) {
      decoder.version = '1.2'
      expect(values('SEND\r\na:\\r\r\n\r\n\0'.repeat(3))).toEqual(['\r', '\r', '\r'])
      expect(values('ACK\na:1\n\n\0SEND\na: 1\n\n\0'.repeat(3))).toEqual(['1', ' 1', '1', ' 1', '1', ' 1'])
      decoder.version = '1.1'
      expect(values('SEND\na:1\r\n\n\0'.repeat(3))).toEqual(['1\r', '1\r', '1\r'])
      decoder.version = '1.0'
      expect(values('SEND\na: \\r\n\n\0'.repeat(3))).toEqual(['\\r', '\\r', '\\r'])
    }
    decoder.push('SEND\r\na:1\r\n\r\n\0')
    expect(() => decoder.next()).toThrow('in STOMP 1.0 a line ends with LF alone')
  })

  it('refuses the commands of the other side however often its own side has sent some', () => {
    for (const count of [0, 1, 2, 9]) {
      codec.createDecoder({ from: 'server' }).push('MESSAGE\n\n\0')
      const { frames, error } = read(codec, [`SEND\n\n\0`.repeat(count), 'MESSAGE\n\n\0'], { from: 'client' })
      expect([frames.length, error?.code]).toEqual([count, 'STOMP_ERR_WRONG_DIRECTION'])
    }
  })

  it.each([
    ['HELLO\n\n\0', 'the first line is no STOMP command'],
    ['SEND\na\n\n\0', 'a header line needs a colon after its name'],
    ['SEND\n:a\n\n\0', 'a header line needs a name before its colon'],
    ['SEND\na:b\n\0', 'is the blank line missing'],
    ['SEND\na:\\x\n\n\0', 'an escape that this version does not define'],
    ['SEND\na:1\nb:2\nc:3\n\n\0', 'more than 2 headers'],
    [`SEND\na:${'x'.repeat(20)}\n\n\0`, 'a header line over 20 bytes'],
    [`SEND\na:${'x'.repeat(14)}\nb:${'x'.repeat(14)}\n\n\0`, 'header lines over 30 bytes in all'],
    ['SEND\ncontent-length:x\n\n\0', 'content-length must be a row of digits: the number of bytes in the body'],
    ['SEND\ncontent-length:9\n\n\0', 'a body over 4 bytes'],
    ['SEND\ncontent-length:1\n\nab\0', 'no NUL where content-length says the body ends'],
    ['ACK\n\nab\0', 'only SEND, MESSAGE and ERROR have a body, not ACK'],
  ])('says what is wrong with %j', (stream, text) => {
    const limits = { maxHeaders: 2, maxHeaderLineBytes: 20, maxHeaderBytes: 30, maxBodyBytes: 4 }
    expect(failure(codec, [stream], { limits }).message).toContain(text)
  })

  it('says how much is held, and whether it is inside a frame', () => {
    const decoder = codec.createDecoder()
    const state = () => [decoder.pendingBytes, decoder.isInsideFrame]
    expect(state()).toEqual([0, false])
    decoder.push('SEND\na:b\n')
    expect(state()).toEqual([9, false])
    expect(decoder.next()).toBeUndefined()
    expect(state()).toEqual([9, true])
    decoder.push('content-length:3\n\nab')
    expect(decoder.next()).toBeUndefined()
    expect(state()).toEqual([29, true])
    decoder.push('c\0SE')
    expect(drain(decoder)).toHaveLength(1)
    expect(state()).toEqual([2, true])
    decoder.push('ND\n\n\0')
    expect(drain(decoder)).toHaveLength(1)
    expect(state()).toEqual([0, false])
    decoder.push('\n')
    expect(drainAll(decoder)).toEqual(['heart-beat'])
    expect(state()).toEqual([0, false])
  })

  it('gives bodies that later input never changes', () => {
    const decoder = codec.createDecoder()
    const kept: { body: Uint8Array; text: string }[] = []
    const texts = Array.from({ length: 50 }, (_, index) => `${index}`.repeat(1 + (index % 40)))
    const stream = utf8(texts.map((text) => `SEND\n\n${text}\0`).join(''))
    for (const chunk of cut(stream, 17)) {
      decoder.push(chunk)
      for (const { body, text } of drain(decoder)) kept.push({ body, text })
    }
    expect(kept.map(({ body }) => new TextDecoder().decode(body))).toEqual(texts)
    expect(kept.map(({ text }) => text)).toEqual(texts)
  })

  it('gives bodies as plain views, whose slice is a copy', () => {
    for (const chunk of [utf8('SEND\n\nabc\0'), new Uint8Array(utf8('..SEND\n\nabc\0').buffer, 2), 'SEND\n\nabc\0']) {
      const decoder = codec.createDecoder()
      decoder.push(chunk)
      const [frame] = drain(decoder)
      expect(Object.getPrototypeOf(frame?.body)).toBe(Uint8Array.prototype)
      expect(frame?.body).toEqual(utf8('abc'))
      expect(frame?.body).toBe(frame?.body)
      expect(frame?.body.slice().buffer).not.toBe(frame?.body.buffer)
    }
  })

  it('gives the text of bodies, with U+FFFD for what is not UTF-8', () => {
    const textOf = (stream: Uint8Array) => {
      const decoder = codec.createDecoder()
      decoder.push(stream)
      const [frame] = drain(decoder)
      return [frame?.text, frame?.text]
    }
    expect(textOf(utf8('SEND\na:b\n\nplain\0'))).toEqual(['plain', 'plain'])
    expect(textOf(utf8('SEND\na:ü\n\ngrün\0'))).toEqual(['grün', 'grün'])
    expect(textOf(utf8('SEND\na:b\n\n\ufeffgrün\0'))).toEqual(['\ufeffgrün', '\ufeffgrün'])
    expect(textOf(bytes('SEND\na:b\n\na\xffb\0'))).toEqual(['a\ufffdb', 'a\ufffdb'])
    expect(textOf(bytes('SEND\na:\xc3\xbc\n\na\xffb\0'))).toEqual(['a\ufffdb', 'a\ufffdb'])
    expect(textOf(utf8('SEND\ncontent-length:3\n\na\0b\0'))).toEqual(['a\0b', 'a\0b'])
    expect(textOf(utf8('SEND\n\n\0'))).toEqual(['', ''])
  })

  it('reads headers that are wrong where it is told to be lenient, and holds them to everything else', () => {
    const lenient = { isLenient: true, version: '1.2' } as const
    const wrong = 'SEND\na:\xffb\xc3\xbc\nb:c\\x\\c\n:nameless\n\xe9:1\n\nhi\0'
    for (const cut of [1, 7, wrong.length]) {
      const decoder = codec.createDecoder(lenient)
      const stream = bytes(wrong + wrong)
      for (let at = 0; at < stream.length; at += cut) decoder.push(stream.slice(at, at + cut))
      const frames = drain(decoder)
      expect(frames.map(({ headers, text }) => [[...headers], text])).toEqual(
        Array(2).fill([
          [
            ['a', '\ufffdb\u00fc'],
            ['b', 'c\\x\\c'],
            ['', 'nameless'],
            ['\ufffd', '1'],
          ],
          'hi',
        ]),
      )
    }
    for (const each of ['SEND\nno colon\n\n\0', 'SEND\ncontent-length:x\n\n\0', 'NONE\n\n\0']) {
      const codeOf = (options: object) => read(codec, [each], options).error?.code
      expect(codeOf(lenient)).toBe(codeOf({}))
      expect(codeOf(lenient)).toMatch(/^STOMP_ERR_/)
    }
  })

  it('says so when it is given what is neither text nor bytes', () => {
    const decoder = codec.createDecoder()
    for (const wrong of [new ArrayBuffer(4), [65], new DataView(new ArrayBuffer(4)), new Uint16Array(2)]) {
      expect(() => Reflect.apply(decoder.push, decoder, [wrong])).toThrow(TypeError)
    }
    expect(decoder.pendingBytes).toBe(0)
  })

  it('takes a limit that is undefined for one that was not given', () => {
    const limits: object = { maxHeaders: undefined, maxHeaderLineBytes: undefined, maxBodyBytes: undefined }
    expect(read(codec, [`SEND\n${'a:1\n'.repeat(65)}`], { limits }).error?.code).toBe('STOMP_ERR_TOO_MANY_HEADERS')
    expect(read(codec, ['SEND\ncontent-length:65537\n\n'], { limits }).error?.code).toBe('STOMP_ERR_BODY_TOO_LARGE')
  })

  it('takes each text as UTF-8 by itself, with U+FFFD for a lone surrogate', () => {
    const { frames } = read(codec, ['SEND\na:\ud83d', '\ude00\n\n\ud800\0'])
    expect(frames).toEqual([{ command: 'SEND', headers: [['a', '\ufffd\ufffd']], body: [...utf8('\ufffd')] }])
  })
})
