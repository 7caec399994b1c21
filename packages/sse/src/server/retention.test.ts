import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDownTurn } from './down-message.js'
import { Retention } from './retention.js'

/** All that is kept, written out from a number on. */
function written(retention: Retention, from: number): string {
  const parts: string[] = []
  for (let next = from; next <= retention.last; ) {
    const { bytes, count } = retention.from(next, 'event')
    parts.push(Buffer.from(bytes).toString('utf8'))
    next += count
  }
  return parts.join('')
}

describe('the retention of a link', () => {
  it('hands out the very bytes of a turn, shared by all', () => {
    const turn = createDownTurn(['a', 'b'])
    const [one, other] = [new Retention(), new Retention()]
    one.push(turn)
    other.push(createDownTurn(['x']))
    other.push(turn)
    expect(one.from(1, 'link').bytes).toBe(turn.bytes('link'))
    expect(other.from(2, 'link').bytes).toBe(turn.bytes('link'))
  })

  it('frees part of a turn, and hands out the rest of it', () => {
    const retention = new Retention()
    retention.push(createDownTurn(['aa', 'bbb', 'c']))
    retention.acknowledge(2)
    expect(retention).toMatchObject({ bytes: 1, count: 1, acknowledged: 2 })
    expect(written(retention, 3)).toBe('data: ["c"]\n\n')
  })

  it('refuses to hand out what is no longer kept', () => {
    const retention = new Retention()
    retention.push(createDownTurn(['a']))
    retention.acknowledge(1)
    expect(() => retention.from(1, 'event')).toThrow(RangeError)
  })

  it('goes on where it was, through more than one ring, whether room was let go or not', () => {
    const retention = new Retention()
    for (let round = 0; round < 4; round++) {
      const first = retention.last + 1
      for (let i = 0; i < 40; i++) retention.push(createDownTurn([`${round} ${i}`, '']))
      retention.acknowledge(first + 2)
      // With something kept there is nothing to let go.
      retention.trim()
      expect(Buffer.from(retention.from(first + 78, 'event').bytes).toString()).toContain(`${round} 39`)
      expect(Buffer.from(retention.from(first + 4, 'event').bytes).toString()).toContain(`${round} 2`)
      retention.acknowledge(retention.last)
      if (round % 2 === 0) retention.trim()
      expect(retention).toMatchObject({ bytes: 0, count: 0 })
    }
  })

  it('counts empty messages too', () => {
    const retention = new Retention()
    for (let i = 0; i < 10; i++) retention.push(createDownTurn(['']))
    expect(retention.exceeds(159)).toBe(true)
    expect(retention.exceeds(160)).toBe(false)
  })

  it('keeps what is not acknowledged, whatever is written and acknowledged, and counts its bytes', () => {
    const steps = fc.array(
      fc.oneof(
        fc.array(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 4 }),
        fc.nat({ max: 12 }).map((more) => ({ more })),
      ),
      { maxLength: 80 },
    )
    fc.assert(
      fc.property(steps, (all) => {
        const retention = new Retention()
        const kept: string[] = []
        let acknowledged = 0
        for (const step of all) {
          if (Array.isArray(step)) {
            expect(retention.push(createDownTurn(step))).toBe(kept.length + 1)
            kept.push(...step)
          } else {
            const number = acknowledged + step.more - 3
            retention.acknowledge(number)
            if (number <= kept.length) acknowledged = Math.max(acknowledged, number)
          }
          const rest = kept.slice(acknowledged)
          expect(retention.bytes).toBe(rest.reduce((sum, text) => sum + Buffer.byteLength(text), 0))
          expect(retention.count).toBe(rest.length)
          expect(written(retention, acknowledged + 1)).toBe(
            rest.map((text) => `data: [${JSON.stringify(Buffer.from(text).toString('utf8'))}]\n\n`).join(''),
          )
        }
      }),
      { numRuns: 200 },
    )
  })
})
