// What runs in the page; see chromium.mjs.
import * as codec from '@hoofbeat/codec'
import { FrameImpl, Parser } from '@stomp/stompjs'
import { hoofbeat, stompjs } from './peers.mjs'
import { measureAll } from './turns.mjs'

const utf8 = new TextEncoder()

const json = {
  name: 'JSON',
  isFloor: true,
  skips: (test) => test.length !== undefined || typeof test.frames[0].body !== 'string',
  inputOf: (test) => test.frames.map((frame) => utf8.encode(JSON.stringify(json.prepare(frame)))),
  parse(chunks, _wantsText, seen) {
    const decoder = new TextDecoder()
    for (const chunk of chunks) {
      const { command, headers, body } = JSON.parse(decoder.decode(chunk))
      seen(command, headers, body)
    }
  },
  prepare: ({ command, headers, body }) => ({ command, headers: Object.fromEntries(headers), body }),
  encode: (frame) => utf8.encode(JSON.stringify(frame)),
}

const targets = [
  stompjs({ FrameImpl, Parser }, (text) => utf8.encode(text)),
  hoofbeat('hoofbeat', codec, (frame) => frame.headers.flat),
  { ...hoofbeat('hoofbeat, as object', codec, (frame) => frame.headers.toObject()), encode: undefined },
  json,
]

// Each message of a WebSocket has memory of its own.
const own = (bytes) => bytes.slice()

globalThis.measure = (options) =>
  measureAll(targets, own, { ...options, clock: () => performance.now(), say: globalThis.say })
