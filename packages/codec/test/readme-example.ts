import { createDecoder, encode, type Frame } from '@hoofbeat/codec'

const bytes = encode(
  {
    command: 'SEND',
    headers: { destination: '/topic/greetings', 'content-type': 'text/plain' },
    body: 'Hello, world!',
  },
  '1.2',
)

/** A stream comes in chunks that end anywhere. */
export function* framesOf(chunks: Iterable<Uint8Array | string>): Generator<Frame> {
  const decoder = createDecoder({ version: '1.2', from: 'client' })
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
      if (next !== 'heart-beat') yield next
    }
  }
}

export const frames: Frame[] = [...framesOf([bytes.subarray(0, 10), bytes.subarray(10), '\n'])]
// frames[0].command                        'SEND'
// frames[0].headers.get('destination')     '/topic/greetings'
// frames[0].text                           'Hello, world!'
