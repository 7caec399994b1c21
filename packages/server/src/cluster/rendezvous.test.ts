import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstNode, rankNodes } from './rendezvous.js'

const nodes = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 6 })

describe('rendezvous hashing', () => {
  it('ranks all nodes, in the same order wherever they are listed', () => {
    fc.assert(
      fc.property(fc.string(), nodes, (key, ids) => {
        const ranked = rankNodes(key, ids)
        expect(ranked).toEqual(rankNodes(key, [...ids].reverse()))
        expect([...ranked].sort()).toEqual([...ids].sort())
        expect(firstNode(key, ids)).toBe(ranked[0])
      }),
    )
    expect(firstNode('a', [])).toBeUndefined()
  })

  it('moves only the keys that the one has which comes or goes', () => {
    fc.assert(
      fc.property(fc.string(), nodes, fc.uuid(), (key, ids, other) => {
        const before = rankNodes(key, ids)
        const after = rankNodes(key, [...ids, other]).filter((id) => id !== other)
        expect(after).toEqual(before)
      }),
    )
  })

  it('shares keys out evenly, of sockjs-client and of Spring, which look alike', () => {
    const ids = ['node-1', 'node-2', 'node-3']
    for (const keyOf of [(at: number) => `/stomp\0${at.toString(36).padStart(8, 'a')}`, (at: number) => `/ws\0${at}`]) {
      const counts = new Map<string, number>()
      for (let at = 0; at < 9_000; at++) {
        const owner = firstNode(keyOf(at), ids) ?? ''
        counts.set(owner, (counts.get(owner) ?? 0) + 1)
      }
      for (const count of counts.values()) expect(Math.abs(count - 3_000)).toBeLessThan(300)
    }
  })
})
