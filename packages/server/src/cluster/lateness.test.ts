import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLateness, type Moment } from './lateness.js'

/** Two nodes: when something is said and heard, by their own clocks, which are so far apart. */
function between(epochSkewMs: number, clockSkewMs: number) {
  const lateness = createLateness()
  const at = (ms: number, epochMs: number, clockMs: number): Moment => ({
    epochMs: ms + epochMs,
    clockMs: ms + clockMs,
  })
  return (saidMs: number, wayMs: number, stepMs = 0): number =>
    lateness.note('a', at(saidMs, epochSkewMs + stepMs, clockSkewMs), at(saidMs + wayMs, 0, 0))
}

describe('the lateness of a message', () => {
  it('is by how much longer it was on its way than the shortest one, wherever the clocks are', () => {
    const skew = fc.integer({ min: -600_000, max: 600_000 })
    const ways = fc.array(fc.integer({ min: 5, max: 30_000 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(skew, skew, ways, (epochSkewMs, clockSkewMs, wayMs) => {
        const note = between(epochSkewMs, clockSkewMs)
        expect(note(0, 5)).toBe(0)
        for (const [i, way] of wayMs.entries()) expect(note(60_000 + i, way)).toBe(way - 5)
      }),
    )
  })

  it('is not changed by a clock that is set anew, or stands still with its machine', () => {
    const note = between(0, 0)
    expect(note(0, 5)).toBe(0)
    expect(note(1_000, 5, -20_000)).toBe(0)
    expect(note(2_000, 105, -20_000)).toBe(100)
    expect(note(3_000, 105, 20_000)).toBe(0)
  })

  it('is told by what was known before a node was away, and forgets that when it is heard for minutes', () => {
    const note = between(0, 0)
    expect(note(0, 5)).toBe(0)
    expect(note(900_000, 20_005)).toBe(20_000)
    expect(note(930_000, 1_005)).toBe(1_000)
    for (let saidMs = 931_000; saidMs < 1_100_000; saidMs += 3_000) note(saidMs, 105)
    expect(note(1_100_000, 205)).toBe(100)
  })

  it('is told of each node by itself', () => {
    const lateness = createLateness()
    const moment = (ms: number): Moment => ({ epochMs: ms, clockMs: ms })
    expect(lateness.note('a', moment(0), moment(5))).toBe(0)
    expect(lateness.note('b', moment(0), moment(500))).toBe(0)
    expect(lateness.note('a', moment(0), moment(500))).toBe(495)
    for (let i = 0; i < 1_000; i++) lateness.note(`other ${i}`, moment(0), moment(5))
    expect(lateness.note('a', moment(0), moment(500))).toBe(0)
  })
})
