import fc from 'fast-check'
import { expect, it } from 'vitest'
import { covers, createDestinationSyntax, isPattern, overlap } from './destination.js'

const LONGEST = 5
const letter = fc.constantFrom('a', 'b')

/** Segments over a small alphabet: wildcards in any place, `**` only at the end. */
const segments = fc
  .tuple(fc.array(fc.oneof(letter, fc.constant('*')), { maxLength: 3 }), fc.boolean())
  .map(([head, hasRest]) => (hasRest ? [...head, '**'] : head))

/** Every name a pattern means, up to a length, spelled out. `z` stands for all letters that no pattern names. */
function meaning(pattern: readonly string[]): Set<string> {
  const names = new Set<string>()
  const visit = (name: readonly string[], at: number): void => {
    const wanted = pattern[at]
    if (wanted === undefined) names.add(name.join('/'))
    else if (wanted === '**') {
      names.add(name.join('/'))
      if (name.length < LONGEST) for (const each of ['a', 'b', 'z']) visit([...name, each], at)
    } else if (name.length < LONGEST) {
      for (const each of wanted === '*' ? ['a', 'b', 'z'] : [wanted]) visit([...name, each], at + 1)
    }
  }
  visit([], 0)
  return names
}

it('covers exactly the subjects whose every name the pattern means', () => {
  fc.assert(
    fc.property(segments, segments, (pattern, subject) => {
      const wide = meaning(pattern)
      const isCovered = [...meaning(subject)].every((name) => wide.has(name))
      expect(covers(pattern, subject)).toBe(isCovered)
    }),
    { numRuns: 2_000 },
  )
})

it('overlap exactly if there is a name that both mean', () => {
  fc.assert(
    fc.property(segments, segments, (one, other) => {
      const names = meaning(other)
      expect(overlap(one, other)).toBe([...meaning(one)].some((name) => names.has(name)))
    }),
    { numRuns: 2_000 },
  )
})

const word = fc.string({
  unit: fc.constantFrom('a', 'B', '7', '-', '%', ' x', ':', 'ä', '🐎', '~'),
  minLength: 1,
  maxLength: 6,
})

it('takes a name apart and puts it together again', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('/' as const, '.' as const),
      fc.array(word, { minLength: 2, maxLength: 6 }),
      (separator, words) => {
        const syntax = createDestinationSyntax(separator)
        const [first = '', ...rest] = words
        const destination = `/${first}/${rest.join(separator)}`
        expect(syntax.segments(destination)).toEqual(words)
        expect(isPattern(words)).toBe(false)
        expect(syntax.isBelow(destination, `/${first}`)).toBe(true)
        const path = syntax.rest(destination, `/${first}`)
        expect(path.slice(1).split('/').map(decodeURIComponent)).toEqual(rest)
      },
    ),
  )
})

it('gives segments that are not empty, with no stray star, for whatever is a destination at all', () => {
  const text = fc.string({ unit: fc.constantFrom('/', '*', 'a', '.', ' ', '\n', '\0') })
  fc.assert(
    fc.property(fc.constantFrom('/' as const, '.' as const), text, (separator, destination) => {
      const found = createDestinationSyntax(separator).segments(destination)
      if (found === undefined) return
      expect(destination.startsWith('/')).toBe(true)
      found.forEach((segment, i) => {
        if (segment.includes('*')) expect([i === found.length - 1 ? '**' : '*', '*']).toContain(segment)
        expect(segment).toMatch(/^[^\0\n]+$/)
      })
    }),
    { numRuns: 1_000 },
  )
})
