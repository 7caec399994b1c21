import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PLATFORMS } from '../test/load.js'
import { equal, read, utf8 } from '../test/read.js'
import { COMMANDS } from './command.js'
import type { Command, FrameInit, Version } from './index.js'

interface Unwritable {
  readonly title: string
  readonly versions: readonly Version[]
  readonly command: Command
  readonly name: string
  readonly value: string
}

const ALL: readonly Version[] = ['1.0', '1.1', '1.2']

const COMMAND_NAMES: readonly Command[] = [...COMMANDS.values()].map(({ command }) => command)

const UNWRITABLE: readonly Unwritable[] = [
  { title: 'an empty name', versions: ALL, command: 'SEND', name: '', value: 'x' },
  { title: 'an empty name', versions: ALL, command: 'CONNECT', name: '', value: 'x' },
  { title: 'a NUL in a name', versions: ALL, command: 'SEND', name: 'a\0', value: 'x' },
  { title: 'a NUL in a value', versions: ALL, command: 'MESSAGE', name: 'a', value: '\0' },
  { title: 'a NUL in a value of CONNECTED', versions: ALL, command: 'CONNECTED', name: 'a', value: 'x\0' },
  { title: 'a line feed in a value', versions: ['1.0'], command: 'SEND', name: 'a', value: 'x\ny' },
  { title: 'a line feed in a name', versions: ['1.0'], command: 'SEND', name: 'a\n', value: 'x' },
  { title: 'a colon in a name', versions: ['1.0'], command: 'SEND', name: 'a:b', value: 'x' },
  { title: 'a space before a value', versions: ['1.0'], command: 'SEND', name: 'a', value: ' x' },
  { title: 'a tab behind a value', versions: ['1.0'], command: 'CONNECTED', name: 'a', value: 'x\t' },
  { title: 'a space behind a name', versions: ['1.0'], command: 'SEND', name: 'a ', value: 'x' },
  { title: 'a value of one space', versions: ['1.0'], command: 'SEND', name: 'a', value: ' ' },
  { title: 'a line feed in CONNECT', versions: ALL, command: 'CONNECT', name: 'login', value: 'x\ny' },
  { title: 'a line feed in CONNECTED', versions: ALL, command: 'CONNECTED', name: 'user-name', value: 'x\nadmin:1' },
  { title: 'a colon in a name of STOMP', versions: ALL, command: 'STOMP', name: 'a:b', value: 'x' },
  {
    title: 'a carriage return at the end of a value of CONNECT',
    versions: ALL,
    command: 'CONNECT',
    name: 'a',
    value: 'x\r',
  },
]

describe.each(PLATFORMS)('the encoder $platform', ({ codec }) => {
  const wire = (frame: FrameInit, version: Version = '1.2') => new TextDecoder().decode(codec.encode(frame, version))

  for (const { title, versions, command, name, value } of UNWRITABLE) {
    for (const version of versions) {
      it(`refuses to write ${title} in ${command} of STOMP ${version}`, () => {
        const error = expect.objectContaining({
          name: 'ProtocolError',
          code: 'STOMP_ERR_UNWRITABLE_HEADER',
          offset: -1,
          receipt: undefined,
        })
        const headers: [string, string][] = [
          ['first', '1'],
          [name, value],
        ]
        expect(() => codec.encode({ command, headers }, version)).toThrow(error)
        expect(() => codec.encodeHeader(command, name, value, version)).toThrow(error)
      })
    }
  }

  it('never says the value of a header that it refuses', () => {
    expect(() => codec.encodeHeader('CONNECT', 'passcode', 'secret\n', '1.2')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    )
  })

  it('refuses a command that is none, whatever it would inject', () => {
    const injected: FrameInit = JSON.parse('{"command":"SEND\\nreceipt:1"}')
    expect(() => codec.encode(injected, '1.2')).toThrow(expect.objectContaining({ code: 'STOMP_ERR_UNKNOWN_COMMAND' }))
  })

  it('refuses a body on all commands but SEND, MESSAGE and ERROR', () => {
    for (const command of COMMAND_NAMES) {
      const write = () => codec.encode({ command, body: 'x' }, '1.2')
      if (['SEND', 'MESSAGE', 'ERROR'].includes(command)) expect(write).not.toThrow()
      else expect(write).toThrow(expect.objectContaining({ code: 'STOMP_ERR_BODY_NOT_ALLOWED' }))
      expect(() => codec.encode({ command, body: new Uint8Array(0) }, '1.2')).not.toThrow()
    }
  })

  it('writes the true content-length last, for the one that the sender gave wherever it stands', () => {
    const headers: [string, string][] = [
      ['content-length', '99'],
      ['a', '1'],
      ['content-length', 'x'],
      ['b', '2'],
    ]
    expect(wire({ command: 'SEND', headers, body: 'grün' })).toBe('SEND\na:1\nb:2\ncontent-length:5\n\ngrün\0')
    expect(wire({ command: 'ERROR', headers })).toBe('ERROR\na:1\nb:2\ncontent-length:0\n\n\0')
    expect(wire({ command: 'RECEIPT', headers })).toBe('RECEIPT\na:1\nb:2\n\n\0')
    expect(wire({ command: 'SEND', headers: [['Content-Length', '1']] })).toBe(
      'SEND\nContent-Length:1\ncontent-length:0\n\n\0',
    )
  })

  it('takes headers as object, pairs, Map, generator or headers', () => {
    const expected = 'ACK\nb:1\na:2\n\n\0'
    const pairs: [string, string][] = [
      ['b', '1'],
      ['a', '2'],
    ]
    expect(wire({ command: 'ACK', headers: { b: '1', a: '2' } })).toBe(expected)
    expect(wire({ command: 'ACK', headers: pairs })).toBe(expected)
    expect(wire({ command: 'ACK', headers: new Map(pairs) })).toBe(expected)
    expect(wire({ command: 'ACK', headers: pairs.values() })).toBe(expected)
    expect(wire({ command: 'ACK', headers: codec.createHeaders(pairs) })).toBe(expected)
    expect(wire({ command: 'ACK', headers: codec.headersFromFlat(['b', '1', 'a', '2']) })).toBe(expected)
    expect(wire({ command: 'ACK' })).toBe('ACK\n\n\0')
  })

  it('writes text and bytes of any size alike', () => {
    for (const text of [
      '',
      'x',
      'ü',
      'x'.repeat(4096),
      'x'.repeat(4097),
      'ü😀'.repeat(30_000),
      `${'x'.repeat(9999)}ü`,
    ]) {
      const expected = utf8(`SEND\na:b\ncontent-length:${utf8(text).length}\n\n${text}\0`)
      const frame: FrameInit = { command: 'SEND', headers: { a: 'b' } }
      expect(equal(codec.encode({ ...frame, body: text }, '1.2'), expected)).toBe(true)
      expect(equal(codec.encode({ ...frame, body: utf8(text) }, '1.2'), expected)).toBe(true)
    }
  })

  it('writes headers longer than any block of memory of its own', () => {
    const value = 'ü:'.repeat(20_000)
    const frame: FrameInit = { command: 'SEND', headers: { a: value }, body: 'x' }
    const limits = { maxHeaderLineBytes: 1e6, maxHeaderBytes: 1e6 }
    expect(read(codec, [codec.encode(frame, '1.2')], { limits }).frames[0]?.headers[0]).toEqual(['a', value])
  })

  it('writes a lone surrogate as U+FFFD, in headers and bodies', () => {
    expect(wire({ command: 'SEND', headers: { '\ud800': 'a\udc00' }, body: '\ud83d!' })).toBe(
      'SEND\n\ufffd:a\ufffd\ncontent-length:4\n\n\ufffd!\0',
    )
    expect(wire({ command: 'SEND', body: `${'x'.repeat(5000)}\ud83d` })).toContain('content-length:5003\n')
  })

  it('gives frames that writing others does not change', () => {
    const texts = Array.from({ length: 500 }, (_, index) => `${index}`.repeat(1 + (index % 50)))
    const written = texts.map((body) => codec.encode({ command: 'SEND', body }, '1.2'))
    expect(written.map((bytes) => new TextDecoder().decode(bytes))).toEqual(
      texts.map((text) => `SEND\ncontent-length:${text.length}\n\n${text}\0`),
    )
  })

  it('writes values that come again, and then others, each as it is', () => {
    const name = fc.constantFrom('a', 'destination', 'grün', 'na:me', 'x'.repeat(64), 'x'.repeat(65), 'content-length')
    const value = fc.oneof(
      fc.constantFrom('', '1', '12345678', '/topic/a', 'a:b\\c\nd\re', 'grün', 'y'.repeat(64), 'y'.repeat(65)),
      fc.string({ unit: 'binary-ascii', maxLength: 20 }).map((text) => text.replaceAll('\0', '')),
    )
    const body = fc.constantFrom(undefined, '', 'body', 'grün', '\0')
    const frame = fc.record({ headers: fc.array(fc.tuple(name, value), { maxLength: 4 }), body })
    // As often as it takes until a value is remembered, and longer.
    const runs = fc.array(
      fc.record({ frames: fc.array(frame, { maxLength: 3 }), times: fc.integer({ min: 1, max: 40 }) }),
    )
    fc.assert(
      fc.property(runs, (all) => {
        for (const { frames, times } of all) {
          for (let i = 0; i < times; i++) {
            for (const { headers, body } of frames) {
              const command = body === undefined ? 'ACK' : 'SEND'
              const frame: FrameInit = body === undefined ? { command, headers } : { command, headers, body }
              expect(wire(frame)).toBe(`${command}\n${linesOf(headers)}${endOf(body)}`)
            }
          }
        }
      }),
      { numRuns: 30 },
    )
  })

  it('refuses a NUL in a header as often as it comes, whatever values were written before', () => {
    for (let i = 0; i < 40; i++) {
      expect(wire({ command: 'SEND', headers: { a: 'same', b: `${i}` } })).toContain(`\na:same\nb:${i}\n`)
      for (const value of ['\0', 'sam\0'])
        expect(() => wire({ command: 'SEND', headers: { a: value } })).toThrow(
          expect.objectContaining({ code: 'STOMP_ERR_UNWRITABLE_HEADER' }),
        )
    }
  })

  it('writes any character at any place of a value', () => {
    const escapes: Record<string, string> = { ':': '\\c', '\n': '\\n', '\r': '\\r', '\\': '\\\\' }
    for (let code = 1; code < 400; code++) {
      const character = String.fromCharCode(code)
      for (let at = 0; at < 9; at++) {
        const [before, after] = ['~'.repeat(at), '\x0e'.repeat(8 - at)]
        const line = `${before}${escapes[character] ?? character}${after}`
        expect(wire({ command: 'SEND', headers: { a: `${before}${character}${after}` } })).toBe(
          `SEND\na:${line}\ncontent-length:0\n\n\0`,
        )
      }
    }
  })

  it('writes headers and bodies of every length one behind the other', () => {
    for (const text of ['x', ':', 'ü']) {
      for (let length = 0; length < 17_000; length += 97) {
        const headers: [string, string][] = [
          ['a', text.repeat(length)],
          ['b', 'same'],
        ]
        for (const body of ['', 'body', 'x'.repeat(5400 - (length % 90)), 'ü'.repeat(length % 5000)]) {
          const expected = utf8(`SEND\n${linesOf(headers)}${endOf(body)}`)
          expect(equal(codec.encode({ command: 'SEND', headers, body }, '1.2'), expected)).toBe(true)
        }
      }
    }
  })

  it('writes a frame that ends just where its block of memory does, or would end behind', () => {
    for (let length = 11_190; length < 11_290; length++) {
      // A body so long that it begins a new block, of which it leaves a known part.
      for (const body of ['', 'x', 'grün']) {
        codec.encode({ command: 'SEND', body: 'x'.repeat(5100) }, '1.2')
        const headers: [string, string][] = [['c', 'd'.repeat(length % 4)]]
        for (let rest = length; rest >= 4; rest -= 4) headers.push(['a', 'b'])
        const expected = utf8(`SEND\n${linesOf(headers)}${endOf(body)}`)
        expect(equal(codec.encode({ command: 'SEND', headers, body }, '1.2'), expected)).toBe(true)
      }
    }
  })

  it('writes one header line just as it stands in the whole frame', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 10 })
    const special = fc.constantFrom(':', '\\', '\n', '\r', ' ', '\t', '\0', 'content-length')
    const texts = fc.array(fc.oneof(text, special), { maxLength: 3 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(
        fc.constantFrom(...COMMAND_NAMES),
        texts,
        texts,
        fc.constantFrom(...ALL),
        (command, name, value, v) => {
          fc.pre(name !== 'content-length')
          const attempt = (write: () => string) => {
            try {
              return write()
            } catch (thrown) {
              if (thrown instanceof codec.ProtocolError) return thrown.message
              throw thrown
            }
          }
          const line = attempt(() => codec.encodeHeader(command, name, value, v))
          const frame = attempt(() => wire({ command, headers: [[name, value]] }, v))
          if (frame.startsWith(`${command}\n`)) expect(frame.startsWith(`${command}\n${line}`)).toBe(true)
          else expect(frame).toBe(line)
        },
      ),
    )
  })

  it('has a heart-beat of one line feed, in memory of its own', () => {
    expect([...codec.HEART_BEAT]).toEqual([10])
    expect(codec.HEART_BEAT.buffer.byteLength).toBe(1)
  })
})

/** Header lines of STOMP 1.2, written apart from the encoder. */
function linesOf(headers: readonly (readonly [string, string])[]): string {
  const letters: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', ':': '\\c' }
  const escaped = (text: string) => text.replaceAll(/[\\\n\r:]/g, (character) => letters[character] ?? '')
  return headers
    .filter(([name]) => name !== 'content-length')
    .map(([name, value]) => `${escaped(name)}:${escaped(value)}\n`)
    .join('')
}

const endOf = (body: string | undefined): string =>
  body === undefined ? '\n\0' : `content-length:${utf8(body).length}\n\n${body}\0`
