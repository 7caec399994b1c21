import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHeap } from './heap.js'

describe('a heap', () => {
  it('gives what has the smallest key first, whatever the order of coming', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (keys) => {
        const heap = createHeap<number>((key) => key)
        for (const key of keys) heap.push(key)
        expect(heap.size).toBe(keys.length)
        expect(heap.items().sort((a, b) => a - b)).toEqual([...keys].sort((a, b) => a - b))
        const popped = keys.map(() => heap.pop())
        expect(popped).toEqual([...keys].sort((a, b) => a - b))
        expect(heap.pop()).toBeUndefined()
        expect(heap.peek()).toBeUndefined()
      }),
    )
  })

  it('keeps its order while items come, go and are sifted', () => {
    const step = fc.oneof(
      fc.integer().map((key) => ({ key })),
      fc.constant('pop' as const),
      fc.constant('sift' as const),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = createHeap<{ key: number }>(({ key }) => key)
        let model: { key: number }[] = []
        for (const each of steps) {
          if (each === 'pop') {
            model.sort((a, b) => a.key - b.key)
            expect(heap.pop()?.key).toBe(model.shift()?.key)
          } else if (each === 'sift') {
            heap.sift(({ key }) => key % 2 === 0)
            model = model.filter(({ key }) => key % 2 === 0)
          } else {
            heap.push(each)
            model.push(each)
          }
          expect(heap.size).toBe(model.length)
        }
      }),
    )
  })

  it('sifts out all but one of an item that is in it several times', () => {
    const heap = createHeap<{ key: number }>(({ key }) => key)
    const [one, two] = [{ key: 1 }, { key: 2 }]
    for (const item of [two, one, two, one, one]) heap.push(item)
    heap.sift(() => true)
    expect(heap.items()).toEqual([one, two])
  })
})
