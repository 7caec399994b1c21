import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLine } from './line.js'

describe('a line', () => {
  it('is first come, first served, each once, as a Set searched for its first item would be', () => {
    const item = fc.integer({ min: 0, max: 8 })
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('add' as const, 'delete' as const), item }),
      fc.record({ kind: fc.constant('shift' as const), item }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 500 }), (steps) => {
        const line = createLine<number>()
        const model = new Set<number>()
        for (const each of steps) {
          if (each.kind === 'add') {
            line.add(each.item)
            model.add(each.item)
          } else if (each.kind === 'delete') {
            line.delete(each.item)
            model.delete(each.item)
          } else {
            const [first] = model
            if (first !== undefined) model.delete(first)
            expect(line.shift()).toBe(first)
          }
          expect(line.size).toBe(model.size)
        }
      }),
    )
  })
})
