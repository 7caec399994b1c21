import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAnnounced, PAGE_LENGTH } from './announced.js'
import { isSameDigest, readDigest, writeDigest } from './digest.js'
import { createReplica, type Entry } from './replica.js'

const key = fc.oneof(fc.constantFrom('a', 'b', '1', '__proto__', ''), fc.string({ unit: 'binary', maxLength: 5 }))
const steps = fc.array(
  fc.record({ key, value: fc.option(fc.jsonValue({ noUnicodeString: false }), { nil: undefined }) }),
  {
    maxLength: 60,
  },
)

/** A list, and one who hears of it what `isHeard` lets through. */
function setUp() {
  const list = new Map<string, unknown>()
  const announced = createAnnounced(
    (name) => list.get(name),
    () => 1_000,
    () => {},
  )
  const told = new Map<string, unknown>()
  const replica = createReplica((name, value, former) => {
    expect(told.get(name)).toEqual(former)
    if (value === undefined) told.delete(name)
    else told.set(name, value)
  }, 1_000)
  const entries = (text: string): readonly Entry[] => JSON.parse(text)
  return { list, announced, told, replica, entries }
}

const plain = (list: ReadonlyMap<string, unknown>): unknown =>
  [...list].map(([name, value]) => [name, JSON.stringify(value)]).sort()

describe('a list that others are told of', () => {
  it('is known with the same digest by whoever hears each change', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.integer({ min: 1, max: 10 })), (all, batches) => {
        const { list, announced, told, replica, entries } = setUp()
        const dirty = new Set<string>()
        let left = batches[0] ?? 1
        for (const [i, { key: name, value }] of all.entries()) {
          if (value === undefined) list.delete(name)
          else list.set(name, value)
          dirty.add(name)
          if (--left > 0 && i < all.length - 1) continue
          left = batches[i] ?? 1
          for (const { version, text } of announced.update(dirty)) {
            expect(version).toBe(replica.digest.version + 1)
            replica.apply(version, entries(text))
          }
          dirty.clear()
          expect(readDigest(JSON.parse(JSON.stringify(writeDigest(announced.digest))))).toEqual(replica.digest)
        }
        expect(plain(told)).toEqual(plain(list))
        expect(plain(replica.values)).toEqual(plain(list))
      }),
    )
  })

  it('shows another digest to whoever has missed a change, and is right once it is told as a whole', () => {
    fc.assert(
      fc.property(steps, steps, (heard, missed) => {
        const { list, announced, told, replica, entries } = setUp()
        for (const { key: name, value } of heard) {
          if (value === undefined) list.delete(name)
          else list.set(name, value)
          for (const { version, text } of announced.update([name])) replica.apply(version, entries(text))
        }
        let changes = 0
        for (const { key: name, value } of missed) {
          if (value === undefined) list.delete(name)
          else list.set(name, value)
          changes += announced.update([name]).length
        }
        expect(isSameDigest(announced.digest, replica.digest)).toBe(changes === 0)
        const pages = announced.pages()
        replica.begin(announced.digest.version)
        for (const [page, text] of pages.entries()) expect(replica.collect(page, entries(text))).toBe(true)
        replica.replace()
        expect(replica.digest).toEqual(announced.digest)
        expect(plain(told)).toEqual(plain(list))
      }),
    )
  })

  it('is told in pages of some size, of which none may be missing', () => {
    const { list, announced, replica, entries } = setUp()
    for (let i = 0; i < 500; i++) list.set(`entry ${i}`, 'x'.repeat(200))
    const changes = announced.update(list.keys())
    expect(changes.length).toBe(4)
    for (const { text } of changes) expect(text.length).toBeLessThan(PAGE_LENGTH + 2)
    const pages = announced.pages()
    replica.begin(announced.digest.version)
    expect(replica.collect(0, entries(pages[0] ?? ''))).toBe(true)
    expect(replica.collect(2, entries(pages[2] ?? ''))).toBe(false)
    replica.replace()
    expect(replica.values.size).toBe(0)
    expect(replica.isCollecting).toBe(false)
  })

  it('is told in pages that have a bound, an entry that is longer by itself', () => {
    const { list, announced } = setUp()
    const lengths = [10, PAGE_LENGTH - 50, 100, PAGE_LENGTH * 2, 10, 100, PAGE_LENGTH, PAGE_LENGTH - 20]
    for (const [i, length] of lengths.entries()) list.set(`${i}`, 'x'.repeat(length))
    const counts = (pages: readonly string[]): unknown =>
      pages.map((text) => {
        const entries: readonly Entry[] = JSON.parse(text)
        expect(text.length <= PAGE_LENGTH + 2 || entries.length === 1).toBe(true)
        return entries.length
      })
    expect(counts(announced.update(list.keys()).map(({ text }) => text))).toEqual([2, 1, 1, 2, 1, 1])
    expect(counts(announced.pages())).toEqual([2, 1, 1, 2, 1, 1])
  })

  it('has room for lesser entries only for as long as there is enough for the others', () => {
    let full = 0
    const announced = createAnnounced(
      () => true,
      (key) => (key.startsWith('less') ? 2 : 4),
      () => full++,
    )
    announced.update(['less 1', 'less 2', 'less 3', 'a', 'b', 'c'])
    expect([announced.pages(), full]).toEqual([['[["less 1",true],["less 2",true],["a",true],["b",true]]'], 2])
  })

  it('leaves out what is beyond its bound, and says so', () => {
    let full = 0
    const list = new Map(Array.from({ length: 5 }, (_, i) => [`${i}`, i]))
    const announced = createAnnounced(
      (name) => list.get(name),
      () => 3,
      () => full++,
    )
    announced.update(list.keys())
    expect([announced.digest.count, full]).toEqual([3, 2])
    list.delete('0')
    announced.update(['0', '4'])
    expect(announced.digest.count).toBe(3)
  })
})
