import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createLikeTest } from './like.js'

type Piece = '%' | '_' | { readonly literal: string }

const letter = fc.constantFrom('a', 'b', '🐎', '%', '_', '.', '*', '\n')
const piece: fc.Arbitrary<Piece> = fc.oneof(
  fc.constantFrom('%' as const, '_' as const),
  letter.map((literal) => ({ literal })),
)

/** Few wildcards for any number, which would make the regular expression slow. */
const frugal: fc.Arbitrary<Piece> = fc.oneof(
  { arbitrary: piece, weight: 1 },
  {
    arbitrary: fc.oneof(
      fc.constant('_' as const),
      letter.map((literal) => ({ literal })),
    ),
    weight: 9,
  },
)

/** The pattern as one writes it, each literal character that needs it escaped with `!`. */
const written = (pieces: readonly Piece[]): string =>
  pieces.map((each) => (typeof each === 'string' ? each : each.literal.replace(/[%_!]/, '!$&'))).join('')

/** The same pattern as a regular expression. */
const expression = (pieces: readonly Piece[]): RegExp => {
  const parts = pieces.map((each) => {
    if (each === '%') return '.*'
    return each === '_' ? '.' : each.literal.replace(/[.*]/, '\\$&')
  })
  return new RegExp(`^${parts.join('')}$`, 'su')
}

it.each([
  ['short', 8, 3_000],
  // Around one word of 32 bits, and beyond two.
  ['long', 70, 500],
])('fits what the like regular expression fits, with %s patterns', (_, longest, numRuns) => {
  let [fitting, unfit] = [0, 0]
  fc.assert(
    fc.property(
      fc.array(longest > 8 ? frugal : piece, { minLength: longest > 8 ? 28 : 0, maxLength: longest }),
      fc.array(letter, { maxLength: 10 }),
      fc.array(fc.array(letter, { maxLength: 3 }), { minLength: longest, maxLength: longest }),
      (pieces, anything, fillings) => {
        // One text at random, and one that is made to fit.
        const filled = pieces.map((each, i) => {
          const filling = fillings[i] ?? []
          if (each === '%') return filling.join('')
          return each === '_' ? (filling[0] ?? 'x') : each.literal
        })
        const test = createLikeTest(written(pieces), '!')
        for (const text of [anything.join(''), filled.join(''), `${filled.join('')}a`]) {
          const expected = expression(pieces).test(text)
          expect(test?.(text)).toBe(expected)
          if (expected) fitting++
          else unfit++
        }
      },
    ),
    { numRuns },
  )
  // Both answers were tried often.
  expect(Math.min(fitting, unfit)).toBeGreaterThan(numRuns / 3)
})

it('ends soon on patterns that make a backtracking matcher run for ages', () => {
  const text = 'a'.repeat(8_192)
  for (const pattern of ['%a'.repeat(127), '%_a'.repeat(85), `%${'a'.repeat(128)}%${'_'.repeat(126)}`]) {
    expect(createLikeTest(pattern)?.(text)).toBe(true)
    expect(createLikeTest(`${pattern}b`)?.(text)).toBe(false)
  }
})
