// What is parsed and encoded: frames as one connection sees them. Header names repeat from frame to frame, ids differ.
// Runs in browsers too.

/** A small generator with a fixed seed: every run measures the same bytes. */
function numbers(seed) {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state
  }
}

const repeat = (count, make) => Array.from({ length: count }, (_, index) => make(index, numbers(index + 1)))

const hex = (next, length) => Array.from({ length }, () => (next() >>> 28).toString(16)).join('')

function json(next, length) {
  const fields = []
  let size = 2
  for (let i = 0; size < length; i++) {
    const field = `"field${i}":"${hex(next, Math.min(12, Math.max(1, length - size - 13)))}"`
    fields.push(field)
    size += field.length + 1
  }
  return `{${fields.join(',')}}`
}

const tiny = (index, next) => ({
  command: 'SEND',
  headers: [
    ['destination', '/app/chat'],
    ['receipt', `r-${index}`],
  ],
  body: `{"n":${next() % 1000000},"ok":true}`,
})

const typical = (index, next) => ({
  command: 'MESSAGE',
  headers: [
    ['subscription', 'sub-0'],
    ['message-id', `node1-${hex(next, 8)}-${index}`],
    ['destination', '/topic/prices/eurusd'],
    ['content-type', 'application/json'],
    ['correlation-id', `${hex(next, 8)}-${hex(next, 4)}-${hex(next, 4)}-${hex(next, 12)}`],
    ['timestamp', String(1760000000000 + next())],
    ['priority', '4'],
  ],
  body: json(next, 300),
})

const manyHeaders = (index, next) => ({
  command: 'MESSAGE',
  headers: [
    ['subscription', 'sub-0'],
    ['message-id', `node1:${hex(next, 8)}:${index}`],
    ['destination', '/topic/orders/eu:west'],
    ...Array.from({ length: 21 }, (_, i) => [
      `x-header-${i}`,
      i % 2 === 0 ? `tenant:${hex(next, 6)}\\share\nline` : `${hex(next, 16)}`,
    ]),
  ],
  body: json(next, 300),
})

const utf8 = new TextEncoder()

/** As JSON.stringify gives it: neither a part of another text nor made of parts. */
const ofOnePiece = (text) => new TextDecoder().decode(utf8.encode(text))

const large = (body) => (index) => ({
  command: 'MESSAGE',
  headers: [
    ['subscription', 'sub-0'],
    ['message-id', `m-${index}`],
    ['destination', '/topic/files'],
    ['content-type', 'application/octet-stream'],
  ],
  body,
})

function binary(length) {
  const next = numbers(7)
  return Uint8Array.from({ length }, () => next() >>> 24)
}

/** `length`: pieces into which the stream is cut; otherwise each frame is a chunk of its own. */
export const CASES = [
  { name: 'tiny (SEND, 3 headers, 25 B)', frames: repeat(256, tiny) },
  { name: 'typical (MESSAGE, 8 headers, 300 B)', frames: repeat(256, typical) },
  { name: '25 headers, 12 escaped', frames: repeat(64, manyHeaders) },
  { name: '64 KB text', frames: repeat(4, large(ofOnePiece(json(numbers(3), 65536).slice(0, 65536)))) },
  { name: '64 KB text, not ASCII', frames: repeat(4, large('grün und weiß, 日本語 '.repeat(2100))) },
  { name: '1 MB binary', frames: repeat(2, large(binary(1 << 20))) },
  ...[1, 7, 64, 1400, 65536].map((length) => ({
    name: `typical in chunks of ${length} B`,
    frames: repeat(256, typical),
    length,
    parseOnly: true,
  })),
]

const ESCAPES = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', ':': '\\c' }
const escaped = (text) => text.replace(/[\\\n\r:]/g, (character) => ESCAPES[character])

/** Written apart from all encoders that are measured. STOMP 1.2, content-length last. */
export function wireBytes({ command, headers, body }) {
  const bytes = typeof body === 'string' ? utf8.encode(body) : body
  const lines = headers.map(([name, value]) => `${escaped(name)}:${escaped(value)}\n`).join('')
  return joined([utf8.encode(`${command}\n${lines}content-length:${bytes.length}\n\n`), bytes, new Uint8Array(1)])
}

/** The chunks of a case. `own` makes a chunk, in memory such as a socket would give, of bytes that it has to copy. */
export function chunksOf({ frames, length }, own) {
  const whole = frames.map(wireBytes)
  if (length === undefined) return whole.map(own)
  const stream = joined(whole)
  const chunks = []
  for (let at = 0; at < stream.length; at += length) chunks.push(own(stream.subarray(at, at + length)))
  return chunks
}

function joined(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
