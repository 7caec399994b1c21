// What no parser and no encoder can go below, and JSON, which reads and writes the same data. Floors read no frame, so
// there is nothing to be checked.
import { wireBytes } from './corpus.mjs'

const isText = ({ body }) => typeof body === 'string'
const plain = ({ command, headers, body }) => ({ command, headers: Object.fromEntries(headers), body })

const json = {
  name: 'JSON',
  isFloor: true,
  // It knows no streams, and no bytes.
  skips: (test) => test.length !== undefined || !test.frames.every(isText),
  inputOf: (test) => test.frames.map((frame) => Buffer.from(JSON.stringify(plain(frame)))),
  parse(chunks, _wantsText, seen) {
    for (const chunk of chunks) {
      const { command, headers, body } = JSON.parse(chunk.toString())
      seen(command, headers, body)
    }
  },
  prepare: plain,
  encode: (frame) => Buffer.from(JSON.stringify(frame)),
}

/** Parsing: a look for the NUL, and the bytes before it as text. Encoding: a text that is joined, and its bytes. */
const search = {
  name: 'indexOf + latin1',
  isFloor: true,
  skips: () => false,
  parse(chunks, _wantsText, seen) {
    for (const chunk of chunks) {
      const nul = chunk.indexOf(0)
      seen('', '', chunk.latin1Slice(0, nul < 0 ? chunk.length : nul))
    }
  },
}

const join = {
  name: 'join + Buffer.from',
  isFloor: true,
  skips: (test) => !test.frames.every(isText),
  prepare: ({ command, headers, body }) => [command, headers.flat(), body],
  encode([command, flat, body]) {
    let head = `${command}\n`
    for (let i = 0; i < flat.length; i += 2) head += `${flat[i]}:${flat[i + 1]}\n`
    return Buffer.from(`${head}content-length:${body.length}\n\n${body}\0`)
  },
}

const copied = Buffer.alloc(1 << 21)
const copy = {
  name: 'memcpy',
  isFloor: true,
  skips: () => false,
  parse(chunks, _wantsText, seen) {
    for (const chunk of chunks) {
      copied.set(chunk)
      seen('', '', copied)
    }
  },
  prepare: wireBytes,
  encode(wire) {
    const bytes = Buffer.allocUnsafe(wire.length)
    bytes.set(wire)
    return bytes
  },
}

export const FLOORS = [json, search, join, copy]
