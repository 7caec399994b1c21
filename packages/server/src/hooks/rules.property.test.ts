import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createDestinationSyntax } from '../destination/destination.js'
import { type AllowRule, compileRules } from './rules.js'

const LONGEST = 4
const syntax = createDestinationSyntax()
/** Users whose names are hard on a matcher: wildcards, escapes, one the escape of another. */
const name = fc.constantFrom('a', '*', '**', 'a/b', 'a%2Fb', '{user}')
const encode = (text: string): string => encodeURIComponent(text).replaceAll('*', '%2A')

/** A pattern as a rule may have it, and one as a client may write it. */
const letters = fc.constantFrom('a', '%2A', 'a%2Fb', 'a%252Fb')
const rule = fc
  .tuple(
    fc.array(fc.oneof(letters, fc.constantFrom('*', '{user}')), { minLength: 1, maxLength: 3 }),
    fc.boolean(),
    fc.boolean(),
  )
  .filter(([segments]) => segments.filter((segment) => segment === '{user}').length <= 1)
  .map(([segments, hasRest, allows]) => ({ segments: hasRest ? [...segments, '**'] : segments, allows }))
const subject = fc
  .tuple(fc.array(fc.oneof(letters, fc.constant('*')), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([segments, hasRest]) => (hasRest ? [...segments, '**'] : segments))

/** Every destination that a pattern means, up to a length, spelled out; `{user}` is spelled as one name. */
function meaning(pattern: readonly string[], user: string | undefined): Set<string> {
  const every = ['a', '%2A', 'a%2Fb', 'a%252Fb', 'z']
  const names = new Set<string>()
  const visit = (sofar: readonly string[], at: number): void => {
    const wanted = pattern[at]
    if (wanted === undefined || wanted === '**') names.add(sofar.join('/'))
    if (wanted === undefined || sofar.length >= LONGEST) return
    if (wanted === '**') for (const each of every) visit([...sofar, each], at)
    else if (wanted === '*') for (const each of every) visit([...sofar, each], at + 1)
    else if (wanted !== '{user}') visit([...sofar, wanted], at + 1)
    else if (user !== undefined) visit([...sofar, encode(user)], at + 1)
  }
  visit([], 0)
  return names
}

it('allows exactly the subscriptions whose every destination one rule for this user means', () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 3 }),
      subject,
      fc.option(name, { nil: undefined }),
      (rules, asked, user) => {
        const subscribe: AllowRule[] = rules.map(({ segments, allows }) => {
          const destination = `/${segments.join('/')}`
          return allows ? destination : { destination, when: ({ name } = { name: '' }) => name === 'a' }
        })
        const wanted = [...meaning(asked, undefined)]
        const isAllowed = rules.some(({ segments, allows }) => {
          if (!allows && user !== 'a') return false
          const meant = meaning(segments, user)
          return wanted.every((each) => meant.has(each))
        })
        const compiled = compileRules({ allow: { subscribe }, deny: {}, applicationPrefix: '/app', syntax })
        const named = user === undefined ? undefined : { name: user }
        expect(compiled.maySubscribe(asked, named, false)).toBe(isAllowed)
      },
    ),
    { numRuns: 500 },
  )
})
