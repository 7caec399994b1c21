import { describe, expect, it } from 'vitest'
import { SessionRing } from './session-ring.js'

const keys = Array.from({ length: 200 }, (_, at) => `key ${at}`)

describe('the nodes that share out sessions', () => {
  it('are asked who had a session before, only for those that changed hands, and only for a while', () => {
    let nowMs = 0
    const ring = new SessionRing('a', () => nowMs)
    expect(ring.set(['a'])).toBe(true)
    expect(ring.isAlone).toBe(true)
    expect(ring.set(['a', 'b'])).toBe(true)
    expect(ring.set(['a', 'b'])).toBe(false)
    nowMs = 5_000
    expect(ring.formerOwners('key')).toEqual([])
    const before = new Map(keys.map((key) => [key, ring.rank(key)[0]]))
    ring.set(['a', 'b', 'c'])
    for (const key of keys) {
      const [owner] = ring.rank(key)
      const was = before.get(key)
      // Our own are here, or nowhere.
      expect(ring.formerOwners(key)).toEqual(was === owner || was === 'a' ? [] : [was])
    }
    nowMs = 10_000
    expect(keys.flatMap((key) => ring.formerOwners(key))).toEqual([])
  })

  it('ask the others first where we are the ones who are new', () => {
    const ring = new SessionRing('c', () => 0)
    ring.set(['c'])
    ring.set(['a', 'b', 'c'])
    const ours = keys.filter((key) => ring.isOurs(key))
    expect(ours.length).toBeGreaterThan(30)
    for (const key of ours) expect(ring.formerOwners(key)).toEqual([ring.rank(key)[1]])
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
