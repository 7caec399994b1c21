import { createDecoder, headersFromFlat, VERSIONS } from '@hoofbeat/codec'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createDestinationSyntax } from '../destination/destination.js'
import { createMessage } from './message.js'
import { createTurn, type Turn } from './turn.js'
import { readyWireFrame } from './wire-frame.js'

const text = fc.string({ unit: 'grapheme-ascii' })
const any = fc.string({ unit: fc.oneof(fc.constantFrom('\n', '\r', ':', '\\', '\0', ' ', '\t', 'ä'), text) })
const name = fc.oneof(any, fc.constantFrom('receipt', 'destination', 'message-id', 'x'))

it('every well-formed destination and every header but the unwritable reach a subscriber of each version', () => {
  const syntax = createDestinationSyntax()
  fc.assert(
    fc.property(
      fc.constantFrom(...VERSIONS),
      any.map((tail) => `/topic/${tail}`).filter((destination) => syntax.segments(destination) !== undefined),
      fc.array(fc.tuple(name, any), { maxLength: 6 }),
      fc.uint8Array({ maxLength: 200 }),
      (version, destination, pairs, body) => {
        let leftOut = 0
        const message = createMessage({
          id: 'm',
          destination,
          headers: headersFromFlat(pairs.flat()),
          body,
          onHeaderLeftOut: () => leftOut++,
        })
        const decoder = createDecoder({ version, from: 'server' })
        decoder.push(message.frame(version, { subscription: 's' }).bytes('stream'))
        const frame = decoder.next()
        if (frame === undefined || frame === 'heart-beat') throw new Error('no whole frame')
        expect(decoder.pendingBytes).toBe(0)
        expect(frame.headers.get('destination')).toBe(destination)
        expect(Buffer.compare(frame.body, body)).toBe(0)
        expect(frame.headers.size).toBe(message.headers.size - leftOut + 4)
        const sent = [...message.headers].map((pair) => JSON.stringify(pair))
        const kept = [...frame.headers].slice(3, -1).map((pair) => JSON.stringify(pair))
        let at = 0
        for (const pair of sent) if (pair === kept[at]) at++
        expect(at).toBe(kept.length)
      },
    ),
    { numRuns: 1_000 },
  )
})

it('turns hold what each connection was owed, and those owed the same share one object', () => {
  const frames = Array.from({ length: 5 }, (_, i) => readyWireFrame(Buffer.from(`${i} `), true))
  const owed = fc.array(fc.nat(4), { maxLength: 8 })
  fc.assert(
    fc.property(fc.array(owed, { maxLength: 12 }), (connections) => {
      const root = createTurn()
      const shared = new Map<string, Turn>()
      for (const indexes of connections) {
        let turn = root
        for (const index of indexes) turn = turn.append(frames[index] ?? readyWireFrame(new Uint8Array(), true))
        const key = indexes.map((index) => `${index} `).join('')
        expect(Buffer.from(turn.bytes('stream')).toString()).toBe(key)
        expect(turn.count).toBe(indexes.length)
        expect(turn.byteLength).toBe(key.length)
        expect(turn).toBe(shared.get(key) ?? turn)
        shared.set(key, turn)
      }
    }),
  )
})
