import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createClaimSeal } from './claim-seal.js'
import { ReplayWindow } from './replay-window.js'

describe('the window of numbers that were taken', () => {
  it('takes each number once, in whatever order they come', () => {
    const jump = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 65_000, max: 200_000 }))
    fc.assert(
      fc.property(fc.array(jump, { maxLength: 60 }), fc.array(fc.nat(60)), (jumps, again) => {
        const numbers: number[] = []
        for (const step of jumps) numbers.push((numbers.at(-1) ?? 0) + step)
        const asked = [...numbers, ...again.flatMap((at) => numbers[at] ?? [])]
        // Late ones come behind later ones.
        for (let at = 1; at < asked.length; at += 3) asked.splice(at - 1, 2, asked[at] ?? 1, asked[at - 1] ?? 1)
        const window = new ReplayWindow()
        const taken = new Set<number>()
        let highest = 0
        for (const number of asked) {
          const isDue = !taken.has(number) && number > highest - 65_536
          expect(window.take(number)).toBe(isDue)
          taken.add(number)
          highest = Math.max(highest, number)
        }
      }),
    )
  })

  it('takes no number that is none', () => {
    for (const number of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(new ReplayWindow().take(number)).toBe(false)
    }
  })
})

describe('the seal of claims', () => {
  const claim = {
    session: '/stomp\0abc',
    method: 'GET',
    url: '/stomp/0/abc/htmlfile?c=ü',
    origin: undefined,
    remoteAddress: '10.1.2.3',
    protocol: 'https',
    host: 'chat.example',
    mayOpen: true,
  }
  const key = Buffer.alloc(32, 'k')

  it('gives back what was sealed, and nothing once it is altered anywhere', () => {
    const sealed = createClaimSeal(key, 'a', () => 0).seal('b', claim)
    const proved = { ...claim, from: 'a' }
    expect(createClaimSeal(key, 'b', () => 0).open(sealed)).toEqual(proved)
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.constantFrom('A', 'z', '.', '0', '_'), (at, letter) => {
        const altered = sealed.slice(0, at) + letter + sealed.slice(at + 1)
        const opened = createClaimSeal(key, 'b', () => 0).open(altered)
        // The last letter of a signature has bits that mean nothing.
        if (at < sealed.length - 1) expect(opened).toEqual(altered === sealed ? proved : undefined)
      }),
    )
  })

  it('is good for 30 s either way', () => {
    let nowMs = 1_000_000
    const seal = createClaimSeal(key, 'a', () => nowMs)
    const field = seal.seal('b', claim)
    for (const [laterMs, isGood] of [
      [-30_001, false],
      [-30_000, true],
      [30_000, true],
      [30_001, false],
    ] as const) {
      nowMs = 1_000_000 + laterMs
      expect(createClaimSeal(key, 'b', () => nowMs).open(field) !== undefined).toBe(isGood)
    }
  })

  it('tells whose clock was too far away, and by how much, of what was sealed for this node only', () => {
    const told: unknown[] = []
    const b = createClaimSeal(
      key,
      'b',
      () => 1_000_000,
      (node, skewMs) => told.push([node, skewMs]),
    )
    const at = (epochMs: number, to = 'b', by = key): string => createClaimSeal(by, 'a', () => epochMs).seal(to, claim)
    const forged = at(0, 'b', Buffer.alloc(32, 'x'))
    for (const field of [at(1_030_001), at(969_999), at(1_030_000), at(0, 'c'), forged]) b.open(field)
    expect(told).toEqual([
      ['a', 30_001],
      ['a', -30_001],
    ])
  })

  it('counts each sender for itself', () => {
    const [a, c] = [createClaimSeal(key, 'a', () => 0), createClaimSeal(key, 'c', () => 0)]
    const b = createClaimSeal(key, 'b', () => 0)
    const [fromA, fromC] = [a.seal('b', claim), c.seal('b', claim)]
    expect([fromA, fromC, fromA, fromC].map((field) => b.open(field) !== undefined)).toEqual([true, true, false, false])
  })
})
