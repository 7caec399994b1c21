// What is counted: each makes or reads a given number of frames of a connection that never ends.
import { createDecoder, createHeaders, encode } from '@hoofbeat/codec'
import { CASES, chunksOf } from '../codec/corpus.mjs'

/** As the server of a client that wants no more than to be told. */
export function idleDecoder() {
  const decoder = createDecoder({ from: 'client', limits: { maxBodyBytes: 1 << 20 } })
  const headers = { 'accept-version': '1.2', host: 'example.org', 'heart-beat': '10000,10000' }
  decoder.push(encode({ command: 'CONNECT', headers }, '1.2'))
  if (decoder.next()?.command !== 'CONNECT') throw new Error('CONNECT was not read')
  decoder.version = '1.2'
  decoder.push(encode({ command: 'SUBSCRIBE', headers: { id: 'sub-0', destination: '/topic/prices' } }, '1.2'))
  if (decoder.next()?.command !== 'SUBSCRIBE') throw new Error('SUBSCRIBE was not read')
  return decoder
}

const test = (words) => CASES.find(({ name }) => name.includes(words))
const own = (bytes) => Buffer.from(bytes)

function reading({ frames, ...rest }) {
  const chunks = chunksOf({ frames, ...rest }, own)
  const decoder = createDecoder({ limits: { maxBodyBytes: 1 << 20 } })
  let seen = 0
  let at = 0
  return (count) => {
    const until = seen + count
    while (seen < until) {
      decoder.push(chunks[at])
      at = (at + 1) % chunks.length
      for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
        if (frame.headers.flat.length === 0 || frame.text.length === 0) throw new Error('a frame is not whole')
        seen++
      }
    }
  }
}

function writing({ frames }) {
  const ready = frames.map(({ command, headers, body }) => ({ command, headers: createHeaders(headers), body }))
  let written = 0
  return (count) => {
    const until = written + count
    for (; written < until; written++) {
      if (encode(ready[written % ready.length], '1.2').length === 0) throw new Error('a frame is empty')
    }
  }
}

/**
 * By name: how to make the job, with how many frames it is counted, and after how many runs all of it is compiled. More
 * runs would bring a collection into what is counted.
 */
export const COUNTED = {
  'parse typical': { frames: 1024, warmUp: 12, make: () => reading(test('typical (')) },
  'parse tiny': { frames: 1024, warmUp: 12, make: () => reading(test('tiny')) },
  'parse 25 headers': { frames: 512, warmUp: 12, make: () => reading(test('25 headers')) },
  'parse typical in chunks of 7 B': { frames: 512, warmUp: 12, make: () => reading(test('chunks of 7 B')) },
  'encode typical': { frames: 1024, warmUp: 24, make: () => writing(test('typical (')) },
  'encode tiny': { frames: 1024, warmUp: 24, make: () => writing(test('tiny')) },
  'encode 64 KB': { frames: 64, warmUp: 12, make: () => writing(test('64 KB text')) },
}
