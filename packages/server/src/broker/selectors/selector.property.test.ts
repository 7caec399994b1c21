import fc from 'fast-check'
import { expect, it } from 'vitest'
import { StompError } from '../../errors.js'
import { MAX_NUMBER_LENGTH } from './header-value.js'
import { parseSelector } from './selector.js'

// A selector as a tree, made at random; below it is printed for the parser, and judged by a plain reference.

type Name = 'a' | 'b' | 'x-y' | 'JMSType' | 'JMSDeliveryMode'
type Number_ =
  | { readonly is: 'name'; readonly name: Name }
  | { readonly is: 'literal'; readonly literal: string }
  | { readonly is: 'minus' | 'plus'; readonly of: Number_ }
  | { readonly is: 'binary'; readonly operator: '+' | '-' | '*' | '/'; readonly left: Number_; readonly right: Number_ }
type Operator = '=' | '<>' | '<' | '<=' | '>' | '>='
type Equality = '=' | '<>'
type Tree =
  | { readonly is: 'flag'; readonly name: Name }
  | { readonly is: 'truth'; readonly value: boolean }
  | { readonly is: 'not'; readonly of: Tree }
  | { readonly is: 'and' | 'or'; readonly left: Tree; readonly right: Tree }
  | { readonly is: 'compare'; readonly operator: Operator; readonly left: Number_; readonly right: Number_ }
  | { readonly is: 'text'; readonly operator: Equality; readonly name: Name; readonly text: string }
  | { readonly is: 'boolean'; readonly operator: Equality; readonly value: boolean; readonly name: Name }
  | { readonly is: 'between'; readonly isNegated: boolean; readonly of: readonly [Number_, Number_, Number_] }
  | {
      readonly is: 'in'
      readonly isNegated: boolean
      readonly name: Name
      readonly items: readonly (string | number)[]
    }
  | {
      readonly is: 'like'
      readonly isNegated: boolean
      readonly name: Name
      readonly start: string
      readonly end: string
    }
  | { readonly is: 'null'; readonly isNegated: boolean; readonly name: Name }

const name = fc.constantFrom<Name>('a', 'b', 'x-y', 'JMSType', 'JMSDeliveryMode')
const text = fc.constantFrom('', 'abc', "it's", '7', '1e3', 'true', 'PERSISTENT', "''", 'a_c')
const literal = fc.constantFrom('0', '1', '2', '7', '7.', '.5', '2.5', '1E3', '57.9e-1', '1e308', '9007199254740991')
const equality = fc.constantFrom<Equality>('=', '<>')
const isNegated = fc.boolean()

const { tree } = fc.letrec<{ number: Number_; tree: Tree }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(fc.record({ is: fc.constant('name'), name }), fc.record({ is: fc.constant('literal'), literal })),
    fc.record({ is: fc.constantFrom('minus', 'plus'), of: tie('number') }),
    fc.record({
      is: fc.constant('binary'),
      operator: fc.constantFrom('+', '-', '*', '/'),
      left: tie('number'),
      right: tie('number'),
    }),
  ),
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.record({ is: fc.constant('flag'), name }),
      fc.record({ is: fc.constant('truth'), value: fc.boolean() }),
      fc.record({
        is: fc.constant('compare'),
        operator: fc.constantFrom<Operator>('=', '<>', '<', '<=', '>', '>='),
        left: tie('number'),
        right: tie('number'),
      }),
      fc.record({ is: fc.constant('text'), operator: equality, name, text }),
      fc.record({ is: fc.constant('boolean'), operator: equality, value: fc.boolean(), name }),
      fc.record({ is: fc.constant('between'), isNegated, of: fc.tuple(tie('number'), tie('number'), tie('number')) }),
      fc.record({
        is: fc.constant('in'),
        isNegated,
        name,
        items: fc.array(fc.oneof(text, fc.constantFrom(7, -7, 1000, 0.5)), { minLength: 1, maxLength: 4 }),
      }),
      fc.record({ is: fc.constant('like'), isNegated, name, start: fc.constantFrom('', 'a', 'a_', '7'), end: text }),
      fc.record({ is: fc.constant('null'), isNegated, name }),
    ),
    fc.record({ is: fc.constant('not'), of: tie('tree') }),
    fc.record({ is: fc.constantFrom('and', 'or'), left: tie('tree'), right: tie('tree') }),
    fc.record({ is: fc.constantFrom('and', 'or'), left: tie('tree'), right: tie('tree') }),
  ),
}))

// Printing: as few parentheses as the grammar allows, so that what binds closer is tried.

const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`
const identifier = (of: Name): string => (of === 'x-y' ? '"x-y"' : of)
const wrap = (tokens: string[], isNeeded: boolean): string[] => (isNeeded ? ['(', ...tokens, ')'] : tokens)

function printNumber(of: Number_, binds = 0): string[] {
  switch (of.is) {
    case 'name':
      return [identifier(of.name)]
    case 'literal':
      return [of.literal]
    case 'minus':
      return ['-', ...printNumber(of.of, 3)]
    case 'plus':
      return ['+', ...printNumber(of.of, 3)]
    case 'binary': {
      const own = of.operator === '+' || of.operator === '-' ? 1 : 2
      const tokens = [...printNumber(of.left, own), of.operator, ...printNumber(of.right, own + 1)]
      return wrap(tokens, own < binds)
    }
  }
}

function print(of: Tree, binds = 0): string[] {
  const not = 'isNegated' in of && of.isNegated ? ['NOT'] : []
  switch (of.is) {
    case 'flag':
      return [identifier(of.name)]
    case 'truth':
      return [of.value ? 'TRUE' : 'FALSE']
    case 'not':
      return wrap(['NOT', ...print(of.of, 3)], binds > 3)
    case 'and':
      return wrap([...print(of.left, 2), 'AND', ...print(of.right, 2)], binds > 2)
    case 'or':
      return wrap([...print(of.left, 1), 'OR', ...print(of.right, 1)], binds > 1)
    case 'compare':
      return [...printNumber(of.left), of.operator, ...printNumber(of.right)]
    case 'text':
      return [identifier(of.name), of.operator, quoted(of.text)]
    case 'boolean':
      return [of.value ? 'TRUE' : 'FALSE', of.operator, identifier(of.name)]
    case 'between': {
      const [subject, low, high] = of.of
      return [...printNumber(subject), ...not, 'BETWEEN', ...printNumber(low), 'AND', ...printNumber(high)]
    }
    case 'in': {
      const items = of.items.map((item) => (typeof item === 'string' ? quoted(item) : `${item}`))
      return [
        identifier(of.name),
        ...not,
        'IN',
        '(',
        ...items.flatMap((item, i) => (i === 0 ? [item] : [',', item])),
        ')',
      ]
    }
    case 'like':
      return [identifier(of.name), ...not, 'LIKE', quoted(pattern(of.start, of.end)), 'ESCAPE', "'!'"]
    case 'null':
      return [identifier(of.name), 'IS', ...not, 'NULL']
  }
}

const pattern = (start: string, end: string): string => `${start}%${end.replaceAll('_', '!_')}`

/** Keywords in some case of letters, and white space where it must be, or by the dice. */
function render(tokens: readonly string[], dice: readonly number[]): string {
  let rendered = ''
  tokens.forEach((token, i) => {
    const die = dice[i % dice.length] ?? 0
    const isKeyword = /^[A-Z]+$/.test(token)
    const shown = isKeyword && die % 2 === 1 ? token.toLowerCase() : token
    const mustPart = /[\w.]$/.test(rendered) && /^[\w.]/.test(shown)
    rendered += mustPart || die > 3 ? `${[' ', '\n', '\t '][die % 3]}${shown}` : shown
  })
  return rendered
}

// The reference: tables and definitions word for word, no care for speed.

type Three = 'T' | 'F' | 'U'
type Given = Readonly<Record<string, string | undefined>>
const NOT: Record<Three, Three> = { T: 'F', F: 'T', U: 'U' }
const AND: Record<Three, Record<Three, Three>> = {
  T: { T: 'T', F: 'F', U: 'U' },
  F: { T: 'F', F: 'F', U: 'F' },
  U: { T: 'U', F: 'F', U: 'U' },
}
const OR: Record<Three, Record<Three, Three>> = {
  T: { T: 'T', F: 'T', U: 'T' },
  F: { T: 'T', F: 'F', U: 'U' },
  U: { T: 'T', F: 'U', U: 'U' },
}
const three = (holds: boolean): Three => (holds ? 'T' : 'F')

function valueOfName(of: Name, given: Given): string | undefined {
  if (of === 'JMSType') return given.type
  if (of === 'JMSDeliveryMode') return /^true$/i.test(given.persistent ?? '') ? 'PERSISTENT' : 'NON_PERSISTENT'
  return given[of]
}

function numeric(value: string | undefined): number | undefined {
  if (value === undefined || value.length > MAX_NUMBER_LENGTH) return undefined
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(value)) return undefined
  return Number.isFinite(Number(value)) ? Number(value) : undefined
}

function calculate(of: Number_, given: Given): number | undefined {
  if (of.is === 'name') return numeric(valueOfName(of.name, given))
  if (of.is === 'literal') return Number(of.literal)
  if (of.is !== 'binary') {
    const value = calculate(of.of, given)
    return value === undefined ? undefined : of.is === 'minus' ? -value : value
  }
  const left = calculate(of.left, given)
  const right = calculate(of.right, given)
  if (left === undefined || right === undefined) return undefined
  const results = { '+': left + right, '-': left - right, '*': left * right, '/': left / right }
  return Number.isFinite(results[of.operator]) ? results[of.operator] : undefined
}

function compare<T extends string | number>(operator: Operator, left: T | undefined, right: T | undefined): Three {
  if (left === undefined || right === undefined) return 'U'
  const results = {
    '=': left === right,
    '<>': left !== right,
    '<': left < right,
    '<=': left <= right,
    '>': left > right,
    '>=': left >= right,
  }
  return three(results[operator])
}

function truth(value: string | undefined): Three {
  if (/^true$/i.test(value ?? '')) return 'T'
  return /^false$/i.test(value ?? '') ? 'F' : 'U'
}

function judge(of: Tree, given: Given): Three {
  switch (of.is) {
    case 'flag':
      return truth(valueOfName(of.name, given))
    case 'truth':
      return three(of.value)
    case 'not':
      return NOT[judge(of.of, given)]
    case 'and':
      return AND[judge(of.left, given)][judge(of.right, given)]
    case 'or':
      return OR[judge(of.left, given)][judge(of.right, given)]
    case 'compare': {
      const { operator, left, right } = of
      // Two headers under = and <> are texts.
      if ((operator === '=' || operator === '<>') && left.is === 'name' && right.is === 'name') {
        return compare(operator, valueOfName(left.name, given), valueOfName(right.name, given))
      }
      return compare(operator, calculate(left, given), calculate(right, given))
    }
    case 'text':
      return compare(of.operator, valueOfName(of.name, given), of.text)
    case 'boolean': {
      const value = truth(valueOfName(of.name, given))
      return compare(of.operator, value === 'U' ? undefined : value, three(of.value))
    }
    case 'between': {
      const [subject, low, high] = of.of.map((each) => calculate(each, given))
      if (of.isNegated) return OR[compare('<', subject, low)][compare('>', subject, high)]
      return AND[compare('>=', subject, low)][compare('<=', subject, high)]
    }
    case 'in': {
      const value = valueOfName(of.name, given)
      const found = of.items
        .map((item) => (typeof item === 'string' ? compare('=', value, item) : compare('=', numeric(value), item)))
        .reduce((one, other) => OR[one][other])
      return of.isNegated ? NOT[found] : found
    }
    case 'like': {
      const value = valueOfName(of.name, given)
      if (value === undefined) return 'U'
      const expression = new RegExp(`^${of.start.replace('_', '.')}.*${of.end}$`, 'su')
      return three(expression.test(value) !== of.isNegated)
    }
    case 'null':
      return three((valueOfName(of.name, given) === undefined) !== of.isNegated)
  }
}

const value = fc.option(
  fc.oneof(
    fc.constantFrom('', '0', '1', '-7', '+7', '007', '7', '.5', '1e3', '1000', '1e308', '1e999', ' 7', '7x', '2.5'),
    fc.constantFrom('true', 'FALSE', 'abc', "it's", 'a_c', 'axc', 'PERSISTENT', "a''", `${'0'.repeat(64)}7`),
  ),
  { nil: undefined, freq: 6 },
)
const headers = fc.record({ a: value, b: value, 'x-y': value, type: value, persistent: value })

it('judges random selectors as a plain reference does', () => {
  const seen: Record<Three, number> = { T: 0, F: 0, U: 0 }
  fc.assert(
    fc.property(
      tree,
      fc.array(headers, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(9), { minLength: 1 }),
      (of, all, dice) => {
        const written = render(print(of), dice)
        fc.pre(written.length < 2000)
        const selector = parseSelector(written)
        const opposite = parseSelector(`NOT (${written})`)
        for (const given of all) {
          const found: Record<string, string | undefined> = given
          const verdict = judge(of, given)
          seen[verdict]++
          expect(selector.matches({ get: (key) => found[key] })).toBe(verdict === 'T')
          expect(opposite.matches({ get: (key) => found[key] })).toBe(verdict === 'F')
        }
      },
    ),
    { numRuns: 3_000 },
  )
  // All three were tried often.
  expect(Math.min(seen.T, seen.F, seen.U)).toBeGreaterThan(500)
})

const scrap = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    '"x-y"',
    "'t'",
    '7',
    '-',
    '+',
    '*',
    '/',
    '(',
    ')',
    ',',
    '=',
    '<>',
    '<',
    '<=',
    '>',
    '>=',
    ' ',
  ),
  fc.constantFrom(' NOT ', ' AND ', ' OR ', ' BETWEEN ', ' LIKE ', ' ESCAPE ', ' IN ', ' IS ', ' NULL ', ' TRUE '),
  fc.string({ unit: 'binary', maxLength: 3 }),
)

it('takes any scraps for a selector or refuses them, and asks once for each identifier at most', () => {
  let taken = 0
  fc.assert(
    fc.property(fc.array(scrap, { maxLength: 40 }), fc.nat(4), headers, (scraps, doublings, given) => {
      // Long ones too, by saying the same again.
      const written = `${scraps.join('')}${` OR ${scraps.join('')}`.repeat(2 ** doublings - 1)}`
      let asked = 0
      const found: Record<string, string | undefined> = given
      try {
        const selector = parseSelector(written)
        taken++
        selector.matches({
          get: (key) => {
            asked++
            return found[key]
          },
        })
        expect(asked).toBeLessThanOrEqual([...written.matchAll(/[\p{L}\p{Nl}\p{Sc}\p{Pc}]+|"[^"]*"/gu)].length)
      } catch (error) {
        if (!(error instanceof StompError)) throw error
        expect(error.code).toBe('STOMP_ERR_SELECTOR_INVALID')
        expect(error.message).toMatch(/ at character \d+$/)
      }
    }),
    { numRuns: 5_000 },
  )
  expect(taken).toBeGreaterThan(20)
})

it.each([
  ['parentheses', '('],
  ['signs', '-'],
  ['words', 'NOT '],
  ['single quotes', "'"],
  ['double quotes', '"'],
  ['doubled quotes without end', "''"],
  ['digits', '1'],
  ['numbers', '1.'],
  ['exponents', '1e'],
  ['sums', '1+'],
  ['lists', 'a IN ('],
  ['spaces', ' \t'],
  ['letters', 'ä'],
])('ends soon on a long row of %s', (_, unit) => {
  for (const length of [2_046, 2_047, 2_048, 1_000_000]) {
    const row = unit.repeat(length).slice(0, length)
    for (const written of [row, `a = ${row}`.slice(0, length)]) {
      try {
        parseSelector(written).matches({ get: () => '1' })
      } catch (error) {
        expect(error).toHaveProperty('code', 'STOMP_ERR_SELECTOR_INVALID')
      }
    }
  }
})
