import fc from 'fast-check'
import { expect, it } from 'vitest'
import { covers } from '../../destination/destination.js'
import { createSubscriptionIndex } from './subscription-index.js'

const word = fc.constantFrom('a', 'b', 'c')
const name = fc.array(word, { minLength: 1, maxLength: 4 })
const pattern = fc
  .tuple(fc.array(fc.oneof(word, fc.constant('*')), { maxLength: 3 }), fc.boolean())
  .map(([head, hasRest]) => (hasRest || head.length === 0 ? [...head, '**'] : head))
const change = fc.record({
  isAdded: fc.boolean(),
  segments: fc.oneof(name, pattern),
  who: fc.constantFrom('x', 'y', 'z'),
})

const at = (segments: readonly string[]): string => `/${segments.join('/')}`

it('reaches whom a naive list reaches, after any additions and removals, and holds nothing once all are removed', () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 40 }),
      fc.array(name, { minLength: 1, maxLength: 5 }),
      (changes, names) => {
        const index = createSubscriptionIndex<string>()
        const list = new Map<string, { readonly segments: readonly string[]; readonly who: string }>()
        for (const { isAdded, segments, who } of changes) {
          const key = `${who} ${at(segments)}`
          if (isAdded) {
            index.add(at(segments), segments, who)
            list.set(key, { segments, who })
          } else {
            index.remove(at(segments), segments, who)
            list.delete(key)
          }
          expect(index.destinationCount).toBe(new Set([...list.values()].map((each) => at(each.segments))).size)
        }
        for (const segments of names) {
          const reached: string[] = []
          index.match(at(segments), segments, (who) => reached.push(who))
          const expected = [...list.values()].filter((each) => covers(each.segments, segments)).map((each) => each.who)
          expect(reached.sort()).toEqual(expected.sort())
        }
        for (const { segments, who } of list.values()) index.remove(at(segments), segments, who)
        expect([index.destinationCount, index.nodeCount]).toEqual([0, 0])
      },
    ),
    { numRuns: 500 },
  )
})
