import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeJsonString, encodeSockJsFrame, type SockJsForm } from './sockjs-frames.js'
import { createTurn } from './turn.js'
import { createRawFrame } from './wire-frame.js'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

/** What a client reads of each form. */
const readers: Readonly<Record<SockJsForm, (bytes: Uint8Array) => string>> = {
  'sockjs-websocket': (bytes) => text(bytes.subarray(bytes[1] === 126 ? 4 : bytes[1] === 127 ? 10 : 2)),
  'sockjs-line': (bytes) => text(bytes).slice(0, -1),
  // As sockjs-client reads it, and as one that does not decode.
  'sockjs-event': (bytes) => decodeURI(text(bytes).slice('data: '.length, -'\r\n\r\n'.length)),
  'sockjs-script': (bytes) => JSON.parse(text(bytes).slice('<script>\np('.length, -');\n</script>\r\n'.length)),
}
const forms: readonly SockJsForm[] = ['sockjs-websocket', 'sockjs-line', 'sockjs-event', 'sockjs-script']

describe.each(forms)('the form %s', (form) => {
  const read = readers[form]

  it('carries every text of a turn, in order, in one frame', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { minLength: 1, maxLength: 5 }),
        (messages) => {
          const turn = messages.reduce((turn, message) => turn.append(createRawFrame(message)), createTurn())
          const frame = read(turn.bytes(form))
          expect(frame[0]).toBe('a')
          expect(JSON.parse(frame.slice(1))).toEqual(messages.map((message) => Buffer.from(message).toString()))
        },
      ),
    )
  })

  it('makes the same bytes for all who are owed the same', () => {
    const frame = createRawFrame('hello')
    const root = createTurn()
    expect(root.append(frame).bytes(form)).toBe(root.append(frame).bytes(form))
    expect(root.append(frame).bytes(form)).toBe(frame.bytes(form))
  })
})

it('escapes the characters that browsers lose or change on the way', () => {
  const lost = '\u200c\u200f\u2028\u2029\u202f\u2060\u206f\ufff0\uffff'
  const written = text(encodeJsonString(Buffer.from(lost)))
  expect(written).toBe('"\\u200c\\u200f\\u2028\\u2029\\u202f\\u2060\\u206f\\ufff0\\uffff"')
  expect(text(encodeJsonString(Buffer.from('\u200b\u2010\u2027\u2030\u205f\u2070\uffef\u{1f600}')))).toBe(
    '"\u200b\u2010\u2027\u2030\u205f\u2070\uffef\u{1f600}"',
  )
})

it('lets nothing within a script end it or change how it is read', () => {
  const written = text(encodeSockJsFrame(encodeJsonString(Buffer.from('</script><!--<script>')), 'sockjs-script'))
  expect(written.match(/</g)).toHaveLength(2)
  expect(written).toMatch(/^<script>\np\(.*\);\n<\/script>\r\n$/)
})

it('writes no percent sign into an event, since sockjs-client decodes them', () => {
  const event = text(encodeSockJsFrame(Buffer.from('a["100%","%20"]'), 'sockjs-event'))
  expect(event).toBe('data: a["100\\u0025","\\u002520"]\r\n\r\n')
})
