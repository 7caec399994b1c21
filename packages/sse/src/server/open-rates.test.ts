import { describe, expect, it } from 'vitest'
import { OpenRates } from './open-rates.js'
import { createFakeLinkClock } from './testing/fake-link-clock.js'

describe('the rate of opens', () => {
  it('lets each address have its burst, then so many a second', async () => {
    const clock = createFakeLinkClock()
    const rates = new OpenRates(clock, 10, 5)
    const take = (count: number, address: string): number[] => Array.from({ length: count }, () => rates.take(address))
    expect(take(5, 'a')).toEqual([0, 0, 0, 0, 0])
    expect(take(2, 'a')).toEqual([100, 100])
    expect(take(1, 'b')).toEqual([0])
    await clock.advance(100)
    expect(take(2, 'a')).toEqual([0, 100])
  })

  it('forgets addresses that have their burst again', async () => {
    const clock = createFakeLinkClock()
    const rates = new OpenRates(clock, 10, 5)
    for (let i = 0; i < 3; i++) rates.take('a')
    rates.take('b')
    await clock.advance(150)
    expect(rates.sweep()).toBe(1)
    await clock.advance(150)
    expect(rates.sweep()).toBe(0)
  })
})
