import { describe, expect, it } from 'vitest'
import { SessionRing } from './session-ring.js'

const keys = Array.from({ length: 200 }, (_, at) => `key ${at}`)

describe('the nodes that share out sessions', () => {
  it('are settled when they have not changed for a while', () => {
    let nowMs = -5_000
    const ring = new SessionRing('a', () => nowMs)
    expect(ring.set(['a'])).toBe(true)
    expect([ring.isAlone, ring.isSettled]).toEqual([false, false])
    nowMs = 0
    expect([ring.isAlone, ring.isSettled]).toEqual([true, true])
    expect(ring.set(['a', 'b'])).toBe(true)
    nowMs = 1_000
    expect(ring.set(['a', 'b'])).toBe(false)
    nowMs = 4_999
    expect([ring.isAlone, ring.isSettled]).toEqual([false, false])
    nowMs = 5_000
    expect([ring.isAlone, ring.isSettled]).toEqual([false, true])
    ring.set(['a'])
    expect([ring.isAlone, ring.isSettled]).toEqual([false, false])
    nowMs = 10_000
    expect(ring.isAlone).toBe(true)
  })

  it('are not settled while one has just begun, whoever that has heard of', () => {
    let nowMs = 0
    const ring = new SessionRing('c', () => nowMs)
    ring.set(['a', 'b', 'c'])
    nowMs = 60_000
    ring.begin()
    expect(ring.isSettled).toBe(false)
    nowMs = 65_000
    expect(ring.isSettled).toBe(true)
    expect(keys.filter((key) => ring.isOurs(key)).length).toBeGreaterThan(30)
  })

  it('do without us when we take no more', () => {
    const ring = new SessionRing('a', () => 0)
    ring.set(['a', 'b'])
    ring.leave()
    expect(ring.ids).toEqual(['b'])
    expect(keys.some((key) => ring.isOurs(key))).toBe(false)
    ring.set(['a', 'b', 'c'])
    expect(ring.ids).toEqual(['b', 'c'])
    expect(ring.isAlone).toBe(false)
  })
})
