// The targets as Node has them; see peers.mjs for what a target does.
import { createRequire } from 'node:module'
import { Writable } from 'node:stream'
import { FrameImpl, Parser } from '@stomp/stompjs'
import webstomp from 'webstomp-client'
import { hoofbeat, stompjs } from './peers.mjs'

const require = createRequire(import.meta.url)
const IncomingFrameStream = require('stompit/lib/IncomingFrameStream')
const OutgoingFrameStream = require('stompit/lib/OutgoingFrameStream')
const DIST = new URL('../../packages/codec/dist/index.js', import.meta.url).href

/** The built package, loaded apart: the second time where there is no Buffer, as in a browser. */
async function loadCodec(hasBuffer) {
  const { Buffer: NodeBuffer } = globalThis
  if (!hasBuffer) globalThis.Buffer = undefined
  try {
    return await import(`${DIST}?buffer=${hasBuffer}`)
  } finally {
    globalThis.Buffer = NodeBuffer
  }
}

const stompit = {
  name: 'stompit',
  async parse(chunks, wantsText, seen) {
    const stream = new IncomingFrameStream({ maxLineLength: 8192 })
    stream.setVersion('1.2')
    const read = async () => {
      for await (const frame of stream) {
        const parts = []
        for await (const part of frame) parts.push(part)
        const body = Buffer.concat(parts)
        seen(frame.command, frame.headers, wantsText ? body.toString() : body)
      }
    }
    const done = read()
    for (const chunk of chunks) if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve))
    stream.end()
    await done
  },
  prepare: ({ command, headers, body }) => ({
    command,
    headers: Object.fromEntries([...headers, ['content-length', String(Buffer.byteLength(body))]]),
    body,
  }),
  encode({ command, headers, body }) {
    const parts = []
    const outgoing = new OutgoingFrameStream(
      new Writable({
        decodeStrings: true,
        write(chunk, _encoding, done) {
          parts.push(chunk)
          done()
        },
      }),
    )
    outgoing.setVersion('1.2')
    return new Promise((resolve, reject) => {
      outgoing.frame(command, headers).end(body, (error) => (error ? reject(error) : resolve(Buffer.concat(parts))))
    })
  },
  encodesAhead: true,
}

const webstompClient = {
  name: 'webstomp-client',
  // One text per frame, ready-made: it has no decoder for bytes, nor does it put pieces together.
  takesText: true,
  parse(chunks, _wantsText, seen) {
    for (const chunk of chunks) {
      for (const { command, headers, body } of webstomp.Frame.unmarshall(chunk).frames) seen(command, headers, body)
    }
  },
  prepare: ({ command, headers, body }) => ({ command, headers: Object.fromEntries(headers), body }),
  encode: ({ command, headers, body }) => Buffer.from(webstomp.Frame.marshall(command, headers, body)),
}

export async function loadTargets() {
  const codec = await loadCodec(true)
  return [
    stompjs({ FrameImpl, Parser }, (text) => Buffer.from(text)),
    hoofbeat('hoofbeat', codec, (frame) => frame.headers.flat),
    { ...hoofbeat('hoofbeat, as object', codec, (frame) => frame.headers.toObject()), encode: undefined },
    hoofbeat('hoofbeat, no Buffer', await loadCodec(false), (frame) => frame.headers.flat),
    stompit,
    webstompClient,
  ]
}
