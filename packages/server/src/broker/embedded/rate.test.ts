import { describe, expect, it } from 'vitest'
import { createRate } from './rate.js'

function start() {
  let nowMs = 0
  const rate = createRate(() => nowMs)
  return { rate, pass: (ms: number) => (nowMs += ms) }
}

describe('a rate', () => {
  it('is 0 where nothing happens', () => {
    const { rate, pass } = start()
    expect(rate.perSecond()).toBe(0)
    pass(60_000)
    expect(rate.perSecond()).toBe(0)
  })

  it('comes to what happens each second', () => {
    const { rate, pass } = start()
    for (let i = 0; i < 600; i++) {
      rate.count(100)
      pass(1_000)
    }
    expect(rate.perSecond()).toBeGreaterThan(99)
    expect(rate.perSecond()).toBeLessThanOrEqual(100.001)
  })

  it('forgets what is long past, also if nobody has looked meanwhile', () => {
    const { rate, pass } = start()
    rate.count(1_000_000)
    pass(3_600_000)
    expect(rate.perSecond()).toBeLessThan(0.001)
  })

  it('does not depend on how often it is looked at', () => {
    const [seen, unseen] = [start(), start()]
    for (let i = 0; i < 300; i++) {
      for (const { rate, pass } of [seen, unseen]) {
        rate.count(7)
        pass(1_000)
      }
      seen.rate.perSecond()
    }
    expect(seen.rate.perSecond()).toBeCloseTo(unseen.rate.perSecond(), 6)
  })
})
