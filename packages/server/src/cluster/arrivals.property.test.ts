import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createArrivals } from './arrivals.js'

const FORGET_MS = 180_000

describe('what has come of a sender', () => {
  it('is taken once, in whatever order loose letters come and come again', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300_000 }), { maxLength: 200 }), (sequences) => {
        const arrivals = createArrivals(FORGET_MS)
        const seen = new Set<number>()
        let highest = 0
        for (const sequence of sequences) {
          const letter = { from: 'a', topic: 'all', stream: 'loose', sequence } as const
          const isNew = !seen.has(sequence) && sequence > highest - 131_072
          expect(arrivals.note(letter, 0)).toBe(isNew ? 'next' : 'repeated')
          seen.add(sequence)
          highest = Math.max(highest, sequence)
        }
      }),
    )
  })

  it('is taken in order only, where letters are ordered, and what is skipped is seen', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 }), (sequences) => {
        const arrivals = createArrivals(FORGET_MS)
        let last: number | undefined
        for (const sequence of sequences) {
          const arrival = arrivals.note({ from: 'a', topic: 'all', stream: 'ordered', sequence }, 0)
          if (last !== undefined && sequence <= last) expect(arrival).toBe('repeated')
          else {
            expect(arrival).toBe(last === undefined || sequence === last + 1 ? 'next' : 'gap')
            last = sequence
          }
        }
      }),
    )
  })

  it('is kept apart for each sender, topic and stream', () => {
    const arrivals = createArrivals(FORGET_MS)
    for (const from of ['a', 'b']) {
      for (const topic of ['all', 'node-b']) {
        for (const stream of ['ordered', 'loose'] as const) {
          expect(arrivals.note({ from, topic, stream, sequence: 1 }, 0)).toBe('next')
        }
      }
    }
  })

  it('is forgotten when nothing of it could be good any more, and not before', () => {
    const arrivals = createArrivals(FORGET_MS)
    const letter = { from: 'a', topic: 'all', stream: 'ordered', sequence: 1 } as const
    const others = (nowMs: number): void => {
      for (let i = 0; i < 10; i++) arrivals.note({ ...letter, from: `${nowMs} ${i}` }, nowMs)
    }
    arrivals.note(letter, 0)
    others(FORGET_MS - 1)
    expect(arrivals.note(letter, FORGET_MS - 1)).toBe('repeated')
    others(3 * FORGET_MS)
    expect(arrivals.note(letter, 3 * FORGET_MS)).toBe('next')
  })

  it('is bounded, however many senders there are', () => {
    const arrivals = createArrivals(FORGET_MS)
    const letter = { topic: 'all', stream: 'ordered', sequence: 1 } as const
    for (let i = 0; i < 10_000; i++) arrivals.note({ ...letter, from: `${i}` }, 0)
    expect(arrivals.note({ ...letter, from: '9999' }, 0)).toBe('repeated')
    expect(arrivals.note({ ...letter, from: '0' }, 0)).toBe('next')
  })
})
