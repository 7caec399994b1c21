import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PLATFORMS } from '../test/load.js'
import { type Outcome, type PlainFrame, plain, read, utf8 } from '../test/read.js'
import { COMMANDS, type Command } from './command.js'
import type { FrameInit, Version } from './index.js'

// More of everything in a continuous build: FAST_CHECK_RUNS=5000.
const numRuns = Number(process.env.FAST_CHECK_RUNS ?? 300)

const versions = fc.constantFrom<Version>('1.0', '1.1', '1.2')
const commands = fc.constantFrom(...[...COMMANDS.values()].map(({ command }) => command))

// Much of what matters to the codec, among much that does not.
const piece = fc.oneof(
  fc.constantFrom(
    ':',
    '\\',
    '\n',
    '\r',
    '\r\n',
    '\\n',
    '\\c',
    '\\r',
    ' ',
    '\t',
    'ü',
    '日',
    '😀',
    '\ufffd',
    '\ufeff',
    '',
  ),
  fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
)
const wellFormed = (text: string) =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(utf8(text)).replaceAll('\0', '')
const texts = fc.array(piece, { maxLength: 5 }).map((pieces) => wellFormed(pieces.join('')))
const names = texts.filter((text) => text !== '' && text !== 'content-length')
const bodies = fc.oneof(fc.uint8Array({ maxLength: 300 }), texts.map(utf8), fc.constant(new Uint8Array(0)))

/** A text that the version can write as it is in frames of this command. */
function writable(text: string, version: Version, command: Command, isName: boolean): string {
  const isConnecting = ['CONNECT', 'STOMP', 'CONNECTED'].includes(command)
  let result = text
  if (version === '1.0' || isConnecting) result = result.replaceAll('\n', '')
  if ((version === '1.0' || isConnecting) && isName) result = result.replaceAll(':', '')
  if (version === '1.0') result = result.replace(/^[ \t]+|[ \t]+$/g, '')
  if (isConnecting) result = result.replace(/[\r \t]+$/, '')
  return isName && (result === '' || result === 'content-length') ? 'x' : result
}

interface Written {
  readonly version: Version
  readonly frame: FrameInit & { readonly headers: readonly (readonly [string, string])[]; readonly body: Uint8Array }
}

const frameOf = (version: Version): fc.Arbitrary<Written['frame']> =>
  fc.tuple(commands, fc.array(fc.tuple(names, texts), { maxLength: 8 }), bodies).map(([command, headers, body]) => ({
    command,
    headers: headers.map(
      ([name, value]) => [writable(name, version, command, true), writable(value, version, command, false)] as const,
    ),
    body: COMMANDS.get(command)?.hasBody ? body : new Uint8Array(0),
  }))

const streams = versions.chain((version) =>
  fc.record({ version: fc.constant(version), frames: fc.array(frameOf(version), { minLength: 1, maxLength: 6 }) }),
)

const withLength = (frame: Written['frame']): PlainFrame => ({
  command: frame.command,
  headers: COMMANDS.get(frame.command)?.hasBody
    ? [...frame.headers, ['content-length', String(frame.body.length)]]
    : frame.headers,
  body: [...frame.body],
})

const concat = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]))

/** The stream in pieces of these lengths, over and over. */
function cutBy(stream: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1
    chunks.push(stream.slice(at, at + length))
    at += length
  }
  return chunks
}

const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 })

// Bytes like those of a stream, most of them wrong somewhere.
const fragments = fc.constantFrom(
  ...[
    'SEND\n',
    'SEND\r\n',
    'CONNECT\n',
    'MESSAGE\n',
    'ACK\n',
    'STOMP\r\n',
    'UNSUBSCRIBE\n',
    'UNSUBSCRIBEX',
    'send\n',
    'GET',
  ],
  ...[
    'destination:/q\n',
    'receipt:7\n',
    ':\n',
    'x:\\t\n',
    'x:\\\\\\c\r\n',
    'x\n',
    'ü:é\n',
    'a:\r\n',
    ' a : b \n',
    'x:\\n',
  ],
  ...['content-length:3\n', 'content-length:0\n', 'content-length:-1\n', 'content-length:9999999999999999999\n'],
  ...['\n', '\r\n', '\r', '\0', '\n\n', '\n\0', '\n\nabc\0', '\n\nabcd\0', ' ', '\\'],
)
const rubbish = fc.oneof(
  fc.array(fragments, { maxLength: 30 }).map((pieces) => utf8(pieces.join(''))),
  fc.uint8Array({ maxLength: 200 }),
  fc.array(fc.oneof(fragments.map(utf8), fc.uint8Array({ maxLength: 6 })), { maxLength: 20 }).map(concat),
)

const limits = fc.constantFrom(
  undefined,
  { maxHeaders: 2 },
  { maxHeaderLineBytes: 12 },
  { maxHeaderBytes: 20 },
  { maxHeaderLineBytes: 9, maxHeaderBytes: 30, maxBodyBytes: 2 },
  { maxHeaders: 0, maxHeaderLineBytes: 1, maxHeaderBytes: 1, maxBodyBytes: 0 },
)

describe.each(PLATFORMS)('any stream $platform', ({ codec }) => {
  it('is read as the frames that were written, in each version', () => {
    fc.assert(
      fc.property(streams, ({ version, frames }) => {
        const stream = concat(frames.map((frame) => codec.encode(frame, version)))
        expect(read(codec, [stream], { version })).toEqual({ frames: frames.map(withLength), error: undefined })
      }),
      { numRuns },
    )
  })

  it('is read the same at any cut, and with line ends and NULs between its frames', () => {
    const betweens = fc.constantFrom('', '\n', '\r\n', '\0', '\n\n\r\n\0\n')
    fc.assert(
      fc.property(streams, cuts, betweens, ({ version, frames }, lengths, between) => {
        const stream = concat(frames.flatMap((frame) => [codec.encode(frame, version), utf8(between)]))
        const expected = { frames: frames.map(withLength), error: undefined }
        expect(read(codec, cutBy(stream, lengths), { version })).toEqual(expected)
        expect(read(codec, cutBy(stream, [1]), { version })).toEqual(expected)
      }),
      { numRuns },
    )
  })

  it('is read the same when it waits inside, whole, until it is asked for', () => {
    fc.assert(
      fc.property(streams, cuts, ({ version, frames }, lengths) => {
        const decoder = codec.createDecoder({ version })
        const stream = concat(frames.map((frame) => codec.encode(frame, version)))
        for (const chunk of cutBy(stream, lengths)) decoder.push(chunk)
        expect(decoder.pendingBytes).toBe(stream.length)
        const seen: PlainFrame[] = []
        for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
          if (next !== 'heart-beat') seen.push(plain(next))
        }
        expect(seen).toEqual(frames.map(withLength))
        expect(decoder.pendingBytes).toBe(0)
      }),
      { numRuns },
    )
  })

  it('is written again from what was read, byte for byte', () => {
    fc.assert(
      fc.property(streams, ({ version, frames }) => {
        const stream = concat(frames.map((frame) => codec.encode(frame, version)))
        const decoder = codec.createDecoder({ version })
        decoder.push(stream)
        const again: Uint8Array[] = []
        for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
          if (next !== 'heart-beat') again.push(codec.encode(next, version))
        }
        expect(concat(again)).toEqual(stream)
      }),
      { numRuns },
    )
  })

  it('that is wrong ends in frames or one ProtocolError, the same at any cut, within its limits', () => {
    fc.assert(
      fc.property(rubbish, cuts, versions, limits, (stream, lengths, version, limit) => {
        const options = { version, ...(limit && { limits: limit }) }
        const whole: Outcome = read(codec, [stream], options)
        for (const frame of whole.frames) {
          expect(frame.headers.length).toBeLessThanOrEqual(limit?.maxHeaders ?? 64)
          expect(frame.body.length).toBeLessThanOrEqual(limit?.maxBodyBytes ?? 65536)
        }
        expect(read(codec, cutBy(stream, lengths), options)).toEqual(whole)
        expect(read(codec, cutBy(stream, [1]), options)).toEqual(whole)
      }),
      { numRuns: numRuns * 4 },
    )
  })

  it('that was right until some bytes were changed ends in frames or one ProtocolError, the same at any cut', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(streams, changes, cuts, ({ version, frames }, mutations, lengths) => {
        const stream = concat(frames.map((frame) => codec.encode(frame, version)))
        for (const [at, octet] of mutations) stream[at % stream.length] = octet
        expect(read(codec, cutBy(stream, lengths), { version })).toEqual(read(codec, [stream], { version }))
      }),
      { numRuns: numRuns * 2 },
    )
  })

  it('is read the same from text as from the bytes of the text, mixed in any order', () => {
    const chunks = fc.array(fc.tuple(fc.boolean(), fc.oneof(texts, fragments)), { maxLength: 12 })
    fc.assert(
      fc.property(chunks, versions, (parts, version) => {
        const bytes = parts.map(([, text]) => utf8(text))
        const mixed = parts.map(([isText, text]) => (isText ? text : utf8(text)))
        const all = parts.map(([, text]) => text)
        const expected = read(codec, bytes, { version })
        expect(read(codec, mixed, { version })).toEqual(expected)
        expect(read(codec, all, { version })).toEqual(expected)
      }),
      { numRuns: numRuns * 2 },
    )
  })
})
