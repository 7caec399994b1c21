import { describe, expect, it } from 'vitest'
import { createDialPlan } from './dial-plan.js'

const addresses = ['one', 'two', 'three'].map((host) => ({ host, port: 61613 }))

/** The pauses before the next rounds to one address, none of which leads to anything. */
function pauses(random: () => number, count: number): number[] {
  const plan = createDialPlan(addresses.slice(0, 1), random)
  return Array.from({ length: count }, () => plan.next().delayMs)
}

describe('a dial plan', () => {
  it('goes round all addresses without a pause, and waits between rounds', () => {
    const plan = createDialPlan(addresses, () => 0.5)
    const steps = Array.from({ length: 7 }, () => plan.next())
    expect(steps.map(({ address }) => address.host)).toEqual(['one', 'two', 'three', 'one', 'two', 'three', 'one'])
    expect(steps.map(({ delayMs }) => delayMs)).toEqual([0, 0, 0, 50, 0, 0, 100])
  })

  it('doubles the bound of its pauses, up to the longest', () => {
    expect(pauses(() => 1, 10)).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000])
    expect(pauses(() => 0, 4)).toEqual([0, 0, 0, 0])
    expect(pauses(() => 1, 5_000).at(-1)).toBe(10_000)
  })

  it('begins with the address that worked last', () => {
    const plan = createDialPlan(addresses, () => 0)
    plan.next()
    plan.next()
    plan.connected(0)
    plan.lost(1, false)
    expect([plan.next(), plan.next(), plan.next()].map(({ address }) => address.host)).toEqual(['two', 'three', 'one'])
    plan.connected(2)
    plan.lost(3, false)
    expect(plan.next().address.host).toBe('one')
  })

  it('pauses longer when connections die young, and anew after one that has lived', () => {
    const plan = createDialPlan(addresses.slice(0, 1), () => 1)
    const lose = (livedMs: number, hasError = false): number => {
      plan.connected(0)
      plan.lost(livedMs, hasError)
      return plan.next().delayMs
    }
    plan.next()
    expect([lose(20), lose(20), lose(20), lose(10_000), lose(20)]).toEqual([100, 200, 400, 100, 200])
    // An ERROR shows that the broker is there.
    expect([lose(10_000, true), lose(20, true), lose(20, true)]).toEqual([0, 200, 400])
    expect(Array.from({ length: 9 }, () => lose(20, true)).at(-1)).toBe(1_000)
  })

  it('refuses to be made for no address', () => {
    expect(() => createDialPlan([], () => 0)).toThrow('at least one address')
  })
})
