import { describe, expect, it } from 'vitest'
import { StompError } from '../../errors.js'
import { parseSelector } from './selector.js'

type Given = Readonly<Record<string, string>>

const headersOf = (given: Given) => ({ get: (name: string) => (Object.hasOwn(given, name) ? given[name] : undefined) })
const matches = (text: string, given: Given = {}): boolean => parseSelector(text).matches(headersOf(given))

/** TRUE matches; of the rest, FALSE is what matches when it is negated. */
function verdict(text: string, given: Given = {}): 'TRUE' | 'FALSE' | 'UNKNOWN' {
  if (matches(text, given)) return 'TRUE'
  return matches(`NOT (${text})`, given) ? 'FALSE' : 'UNKNOWN'
}

function refusal(text: string): StompError {
  try {
    parseSelector(text)
  } catch (error) {
    if (error instanceof StompError && error.code === 'STOMP_ERR_SELECTOR_INVALID') return error
    throw error
  }
  throw new Error(`${text} was taken`)
}

describe('the examples of Jakarta Messaging 3.1, section 3.8.1, come out as written there', () => {
  it.each<[string, Given, 'TRUE' | 'FALSE' | 'UNKNOWN']>([
    ["JMSType = 'car' AND color = 'blue' AND weight > 2500", { type: 'car', color: 'blue', weight: '2501' }, 'TRUE'],
    ["JMSType = 'car' AND color = 'blue' AND weight > 2500", { type: 'car', color: 'blue', weight: '2500' }, 'FALSE'],
    ["JMSType = 'car' AND color = 'blue' AND weight > 2500", { type: 'car', color: 'red', weight: '2501' }, 'FALSE'],
    ["JMSType = 'car' AND color = 'blue' AND weight > 2500", { type: 'car', color: 'blue' }, 'UNKNOWN'],
    ["literal = 'literal''s'", { literal: "literal's" }, 'TRUE'],
    ['n = 57', { n: '57' }, 'TRUE'],
    ['n = -957', { n: '-957' }, 'TRUE'],
    ['n = +62', { n: '62' }, 'TRUE'],
    ['n = 7E3', { n: '7000' }, 'TRUE'],
    ['n = -57.9E2', { n: '-5790' }, 'TRUE'],
    ['n = 7.', { n: '7' }, 'TRUE'],
    ['n = -95.7', { n: '-95.7' }, 'TRUE'],
    ['n = +6.2', { n: '6.20' }, 'TRUE'],
    ['age BETWEEN 15 AND 19', { age: '15' }, 'TRUE'],
    ['age BETWEEN 15 AND 19', { age: '19' }, 'TRUE'],
    ['age BETWEEN 15 AND 19', { age: '14' }, 'FALSE'],
    ['age NOT BETWEEN 15 AND 19', { age: '20' }, 'TRUE'],
    ['age NOT BETWEEN 15 AND 19', { age: '17' }, 'FALSE'],
    ['age NOT BETWEEN 15 AND 19', {}, 'UNKNOWN'],
    ["Country IN ('UK', 'US', 'France')", { Country: 'UK' }, 'TRUE'],
    ["Country IN ('UK', 'US', 'France')", { Country: 'Peru' }, 'FALSE'],
    ["Country NOT IN ('UK', 'US', 'France')", { Country: 'UK' }, 'FALSE'],
    ["Country NOT IN ('UK', 'US', 'France')", { Country: 'Peru' }, 'TRUE'],
    ["Country IN ('UK', 'US', 'France')", {}, 'UNKNOWN'],
    ["Country NOT IN ('UK', 'US', 'France')", {}, 'UNKNOWN'],
    ["phone LIKE '12%3'", { phone: '123' }, 'TRUE'],
    ["phone LIKE '12%3'", { phone: '12993' }, 'TRUE'],
    ["phone LIKE '12%3'", { phone: '1234' }, 'FALSE'],
    ["word LIKE 'l_se'", { word: 'lose' }, 'TRUE'],
    ["word LIKE 'l_se'", { word: 'loose' }, 'FALSE'],
    ["underscored LIKE '\\_%' ESCAPE '\\'", { underscored: '_foo' }, 'TRUE'],
    ["underscored LIKE '\\_%' ESCAPE '\\'", { underscored: 'bar' }, 'FALSE'],
    ["phone NOT LIKE '12%3'", { phone: '123' }, 'FALSE'],
    ["phone NOT LIKE '12%3'", { phone: '12993' }, 'FALSE'],
    ["phone NOT LIKE '12%3'", { phone: '1234' }, 'TRUE'],
    ["phone LIKE '12%3'", {}, 'UNKNOWN'],
    ["phone NOT LIKE '12%3'", {}, 'UNKNOWN'],
    ['prop_name IS NULL', {}, 'TRUE'],
    ['prop_name IS NULL', { prop_name: '' }, 'FALSE'],
    ['prop_name IS NOT NULL', { prop_name: 'x' }, 'TRUE'],
    ['prop_name IS NOT NULL', {}, 'FALSE'],
  ])('%s of %j is %s', (text, given, expected) => {
    expect(verdict(text, given)).toBe(expected)
  })
})

describe('three values are joined as in section 3.8.1.2', () => {
  const given = { t: 'true', f: 'false' }
  it.each([
    ['t', 't', 'TRUE', 'TRUE'],
    ['t', 'f', 'FALSE', 'TRUE'],
    ['t', 'u', 'UNKNOWN', 'TRUE'],
    ['f', 't', 'FALSE', 'TRUE'],
    ['f', 'f', 'FALSE', 'FALSE'],
    ['f', 'u', 'FALSE', 'UNKNOWN'],
    ['u', 't', 'UNKNOWN', 'TRUE'],
    ['u', 'f', 'FALSE', 'UNKNOWN'],
    ['u', 'u', 'UNKNOWN', 'UNKNOWN'],
  ])('%s and %s give AND %s, OR %s', (one, other, and, or) => {
    expect(verdict(`${one} AND ${other}`, given)).toBe(and)
    expect(verdict(`${one} OR ${other}`, given)).toBe(or)
  })

  it.each([
    ['NOT t', 'FALSE'],
    ['NOT f', 'TRUE'],
    ['NOT u', 'UNKNOWN'],
    ['NOT NOT t', 'TRUE'],
    ['NOT NOT u', 'UNKNOWN'],
    ['NOT NOT NOT f', 'TRUE'],
  ])('%s is %s', (text, expected) => {
    expect(verdict(text, given)).toBe(expected)
  })
})

describe('what binds closer', () => {
  const given = { t: 'true', f: 'false', n: '7' }
  it.each([
    ['t OR t AND f', true],
    ['(t OR t) AND f', false],
    ['NOT f AND f', false],
    ['NOT (f AND f)', true],
    ['NOT n = 8', true],
    ['n = 1 + 2 * 3', true],
    ['n * 2 = (1 + 2) * 3 + 5', true],
    ['n - 2 - 1 = 4', true],
    ['n - (2 - 1) = 6', true],
    ['28 / n / 2 = 2', true],
    ['-n + 8 = 1', true],
    ['- -n = 7', true],
    ['n = --7', true],
    ['-(n + 1) * 2 = -16', true],
    ['n NOT BETWEEN 1 AND 5 AND t', true],
    ['n NOT BETWEEN 1 AND 5 AND f', false],
    ['n BETWEEN 1 AND 5 OR t', true],
    ['NOT n NOT BETWEEN 1 AND 9', true],
    ['n BETWEEN 3 + 3 AND 2 * 4', true],
    ['(n) = 7', true],
    ['((n)) IS NOT NULL', true],
  ])('%s gives %s', (text, expected) => {
    expect(matches(text, given)).toBe(expected)
  })
})

describe('a header beside a number', () => {
  it.each([
    ['57', 'TRUE'],
    ['+57', 'TRUE'],
    ['57.', 'TRUE'],
    ['57.0', 'TRUE'],
    ['.57e2', 'TRUE'],
    ['570E-1', 'TRUE'],
    ['000057', 'TRUE'],
    ['58', 'FALSE'],
    ['-57', 'FALSE'],
    ['', 'UNKNOWN'],
    [' 57', 'UNKNOWN'],
    ['57\n', 'UNKNOWN'],
    ['0x39', 'UNKNOWN'],
    ['5_7', 'UNKNOWN'],
    ['57L', 'UNKNOWN'],
    ['.', 'UNKNOWN'],
    ['e1', 'UNKNOWN'],
    ['Infinity', 'UNKNOWN'],
    ['NaN', 'UNKNOWN'],
    ['1e999', 'UNKNOWN'],
    ['٥٧', 'UNKNOWN'],
    ['57'.padStart(64, '0'), 'TRUE'],
    ['57'.padStart(65, '0'), 'UNKNOWN'],
  ])('%j = 57 is %s', (n, expected) => {
    expect(verdict('n = 57', { n })).toBe(expected)
    expect(verdict('57 = n', { n })).toBe(expected)
    expect(verdict('+n = 28.5 * 2', { n })).toBe(expected)
    expect(verdict('n IN (1, 57)', { n })).toBe(expected)
  })

  it.each([
    ['n < 10', 'TRUE'],
    ['n <= 9', 'TRUE'],
    ['n > 9', 'FALSE'],
    ['n >= 9', 'TRUE'],
    ['n <> 9', 'FALSE'],
    ['n <> 10', 'TRUE'],
    ['n < m', 'TRUE'],
    ['m > n', 'TRUE'],
    ['n > word', 'UNKNOWN'],
    ['n > missing', 'UNKNOWN'],
    ['n + word > 0', 'UNKNOWN'],
    ['n / 0 > 1', 'UNKNOWN'],
    ['0 / 0 = 0', 'UNKNOWN'],
    ['1 / (1 / 0) = 0', 'UNKNOWN'],
    ['1 / 0 - 1 / 0 = 0', 'UNKNOWN'],
    ['1E308 * 10 > 1', 'UNKNOWN'],
    ['1E308 * 10 / 10 > 1', 'UNKNOWN'],
    ['7 / 2 = 3.5', 'TRUE'],
    ['-0 = 0', 'TRUE'],
    ['zero = -0', 'TRUE'],
    ['n BETWEEN 10 AND missing', 'FALSE'],
    ['n BETWEEN 1 AND missing', 'UNKNOWN'],
    ['n NOT BETWEEN 10 AND missing', 'TRUE'],
    ['1 = 1', 'TRUE'],
  ])('compares as a number: %s is %s', (text, expected) => {
    expect(verdict(text, { n: '9', m: '10', word: 'ten', zero: '0' })).toBe(expected)
  })
})

describe('a header beside a text', () => {
  it.each([
    ["n = '7'", 'TRUE'],
    ["n = '7.0'", 'FALSE'],
    ["'7' = n", 'TRUE'],
    ['n = same', 'TRUE'],
    ['n = equal', 'FALSE'],
    ['n <> equal', 'TRUE'],
    ['n <> missing', 'UNKNOWN'],
    ['missing = missing', 'UNKNOWN'],
    ["n <> ''", 'TRUE'],
    ["empty = ''", 'TRUE'],
    ["big = '1234567890123456789'", 'TRUE'],
    ["big = '1234567890123456788'", 'FALSE'],
    ["case = 'word'", 'FALSE'],
    ["'a' = 'a'", 'TRUE'],
    ["'''' = ''", 'FALSE'],
    ["empty = ''''", 'FALSE'],
    ["'a' <> 'a'", 'FALSE'],
    ["n IN ('a', 7)", 'TRUE'],
    ["case IN ('a', 7)", 'UNKNOWN'],
    ["case IN ('Word', 7)", 'TRUE'],
    ["case NOT IN ('Word', 7)", 'FALSE'],
    ['n IN (-7, +8)', 'FALSE'],
    ['n IN (- -7)', 'TRUE'],
  ])('%s is %s', (text, expected) => {
    const given = { n: '7', same: '7', equal: '7.0', empty: '', big: '1234567890123456789', case: 'Word' }
    expect(verdict(text, given)).toBe(expected)
  })
})

describe('a header beside TRUE or FALSE', () => {
  it.each([
    ['flag = TRUE', 'true', 'TRUE'],
    ['flag = true', 'TRUE', 'TRUE'],
    ['FALSE = flag', 'False', 'TRUE'],
    ['flag <> TRUE', 'false', 'TRUE'],
    ['flag = FALSE', 'true', 'FALSE'],
    ['flag = TRUE', 'yes', 'UNKNOWN'],
    ['flag = TRUE', '1', 'UNKNOWN'],
    ['flag = FALSE', 'falſe', 'UNKNOWN'],
    ['flag', 'tRuE', 'TRUE'],
    ['flag', 'false', 'FALSE'],
    ['flag', 'nope', 'UNKNOWN'],
    ['TRUE', '', 'TRUE'],
    ['FALSE', '', 'FALSE'],
    ['TRUE = FALSE', '', 'FALSE'],
    ['TRUE <> FALSE', '', 'TRUE'],
  ])('%s with %j is %s', (text, flag, expected) => {
    expect(verdict(text, { flag })).toBe(expected)
  })
})

describe('identifiers', () => {
  it.each([
    ['JMSMessageID', 'message-id'],
    ['JMSDestination', 'destination'],
    ['JMSCorrelationID', 'correlation-id'],
    ['JMSReplyTo', 'reply-to'],
    ['JMSType', 'type'],
    ['JMSExpiration', 'expires'],
    ['JMSPriority', 'priority'],
    ['JMSTimestamp', 'timestamp'],
    ['"content-type"', 'content-type'],
    ['"a ""b"".c"', 'a "b".c'],
    ['"and"', 'and'],
    ['"JMSType"', 'JMSType'],
    ['JMSXGroupID', 'JMSXGroupID'],
    ['_a$1', '_a$1'],
    ['größe', 'größe'],
    ['Not_', 'Not_'],
    ['lıke', 'lıke'],
    ['constructor', 'constructor'],
  ])('%s means the header %s', (identifier, name) => {
    expect(matches(`${identifier} = 'x'`, { [name]: 'x' })).toBe(true)
    expect(matches(`${identifier} IS NULL`, { [name]: 'x' })).toBe(false)
    expect(matches(`${identifier} IS NULL`)).toBe(true)
  })

  it('are told apart by case', () => {
    expect(matches("Color = 'blue'", { color: 'blue' })).toBe(false)
    expect(matches("jmstype = 'car'", { type: 'car' })).toBe(false)
  })

  it('have one for the delivery mode, which is never NULL', () => {
    expect(matches("JMSDeliveryMode = 'PERSISTENT'", { persistent: 'true' })).toBe(true)
    expect(matches("JMSDeliveryMode = 'NON_PERSISTENT'", { persistent: 'false' })).toBe(true)
    expect(matches("JMSDeliveryMode = 'NON_PERSISTENT'")).toBe(true)
    expect(matches('JMSDeliveryMode IS NULL')).toBe(false)
    expect(matches('persistent IS NULL')).toBe(true)
    expect(matches('"JMSDeliveryMode" IS NULL')).toBe(true)
  })
})

describe('the text of a selector', () => {
  it('may have keywords in any case, and any white space or none', () => {
    expect(matches("\ta\f=\r\n'x'and(b)in(1,2)Or not c Is Not nuLL", { c: '' })).toBe(false)
    expect(matches("a Like'x%'eScape'!'AND b Not beTween 1 aNd 2", { a: 'xy', b: '3' })).toBe(true)
  })

  it('selects everything when it is blank', () => {
    expect(matches('')).toBe(true)
    expect(matches(' \r\n')).toBe(true)
  })

  it('may begin as ActiveMQ has it for clients of STOMP, which moves no place', () => {
    const text = 'convert_string_expressions:age > 18'
    expect(matches(text, { age: '21' })).toBe(true)
    expect(parseSelector(text).text).toBe(text)
    expect(refusal('convert_string_expressions:age >').message).toContain('at character 33')
  })

  it('is kept as it was given', () => {
    expect(parseSelector(" a = 'b' ").text).toBe(" a = 'b' ")
  })
})

describe('a selector is refused, with the place and the cure', () => {
  it.each([
    ['a = 1 = 1', "'=' in place of AND, OR or the end at character 7", 'Join comparisons with AND and OR'],
    ['(a = 1) = 1', 'a condition where a value is needed at character 1', 'AND and OR'],
    ['a = (b = 1)', 'a condition where a value is needed at character 5', 'AND and OR'],
    ['a < b < c', "'<' in place of AND, OR or the end at character 7", 'AND and OR'],
    ['a BETWEEN 1 AND 2 BETWEEN 3 AND 4', "'BETWEEN' in place of AND, OR or the end at character 19", ''],
    ["and = 'x'", "'AND' in place of a header, a number, a text, TRUE, FALSE or ( at character 1", 'double quotes'],
    ['like IS NULL', "'LIKE' in place of", 'double quotes'],
    ['a = NULL', "'NULL' in place of", ''],
    ["a = 'x", 'a text without end at character 5', 'single quote'],
    ["a = 'it''s", 'a text without end at character 5', 'doubled'],
    ["a = 'x''", 'a text without end at character 5', 'doubled'],
    ["a = '''", 'a text without end at character 5', 'doubled'],
    ['"a""b = 1', 'a name without end at character 1', 'double quote'],
    ['"a = 1', 'a name without end at character 1', 'double quote'],
    ['"" = 1', 'an empty name at character 1', ''],
    ['a LIKE b', "'b' in place of a pattern in single quotes at character 8", ''],
    ['a LIKE 5', "'5' in place of a pattern", ''],
    ["a LIKE 'x' ESCAPE 'ab'", 'not one character to escape with at character 19', 'one character'],
    ["a LIKE 'x' ESCAPE ''", 'not one character to escape with at character 19', 'one character'],
    ["a LIKE 'x' ESCAPE b", "'b' in place of a character in single quotes at character 19", ''],
    ["a LIKE 'x!' ESCAPE '!'", 'a pattern that ends with its escape character at character 8', 'Double'],
    ["'x' LIKE 'x'", 'no name of a header before LIKE at character 1', ''],
    ['a + 1 IN (1)', 'no name of a header before IN at character 1', ''],
    ['1 IS NULL', 'no name of a header before IS at character 1', ''],
    ['a IN ()', "')' in place of a text or a number at character 7", ''],
    ["a IN ('x',)", "')' in place of a text or a number at character 11", ''],
    ["a IN (-'x')", 'a text in place of a number at character 8', ''],
    ['a IN (b)', "'b' in place of a text or a number at character 7", ''],
    ['a IN (TRUE)', "'TRUE' in place of a text or a number at character 7", ''],
    ["a IN ('x' 'y')", "a text in place of ',' or ')' at character 11", ''],
    ["a IN 'x'", "a text in place of '(' at character 6", ''],
    ['a BETWEEN 1 OR 2', "'OR' in place of 'AND' at character 13", ''],
    ["a BETWEEN 'x' AND 'y'", 'a text where a number is needed at character 11', ''],
    ['a BETWEEN TRUE AND 2', 'TRUE or FALSE where a number is needed at character 11', ''],
    ['a IS 5', "'5' in place of 'NULL' at character 6", ''],
    ['a NOT = 1', "'=' in place of BETWEEN, IN or LIKE at character 7", ''],
    ['a NOT IS NULL', "'IS' in place of BETWEEN, IN or LIKE at character 7", ''],
    ["a < 'x'", 'a text where a number is needed at character 5', '= and <>'],
    ["1 = 'x'", 'a text where a number is needed at character 5', ''],
    ["a + 'x' = 1", 'a text where a number is needed at character 5', ''],
    ['a > TRUE', 'TRUE or FALSE where a number is needed at character 5', '= and <>'],
    ["TRUE = 'x'", 'TRUE or FALSE where a number is needed at character 1', ''],
    ['a + 1', 'a number where a condition is needed at character 1', ''],
    ['b AND 5', 'a number where a condition is needed at character 7', ''],
    ["NOT 'x'", 'a text where a condition is needed at character 5', ''],
    ['5', 'a number where a condition is needed at character 1', ''],
    ['a b', "'b' in place of AND, OR or the end at character 3", ''],
    ['a =', 'the end in place of a header, a number, a text, TRUE, FALSE or ( at character 4', ''],
    ['(a = 1', "the end in place of AND, OR or ')' at character 7", ''],
    ['a = 1)', "')' in place of AND, OR or the end at character 6", ''],
    ['()', "')' in place of a header", ''],
    ['a = NOT b', "'NOT' in place of a header", ''],
    ['a != 1', "'!' at character 3", '<>'],
    ['a = 0x10', "'x10' right behind a number at character 6", 'decimal'],
    ['a = 57L', "'L' right behind a number at character 7", 'decimal'],
    ['a = 1e', "'e' right behind a number at character 6", 'decimal'],
    ['a = 1e999', 'a number too large at character 5', ''],
    ['a = 9007199254740992', 'a whole number too large to be exact at character 5', "'1234567890123456789'"],
    ['a = b.c', "'.' at character 6", 'double quotes'],
    ['content-type = b:c', "':' at character 17", 'double quotes'],
    ['a = ?', "'?' at character 5", ''],
    ['a = 🐎', "'🐎' at character 5", ''],
    ["a = 1 -- comment's", 'a text without end at character 17', ''],
    ['a\u00a0= 1', "'\u00a0' at character 2", ''],
  ])('%s', (text, message, cure) => {
    const error = refusal(text)
    expect(error.message).toContain(`The selector is not well-formed: ${message}`)
    expect(error.message).toMatch(/ at character \d+$/)
    expect(error.cure).toContain(cure)
  })

  it.each(['NULL', 'TRUE', 'FALSE', 'NOT', 'AND', 'OR', 'BETWEEN', 'LIKE', 'IN', 'IS', 'ESCAPE', 'null', 'Escape'])(
    'for %s as a bare identifier before LIKE',
    (word) => {
      expect(refusal(`${word} LIKE 'x'`).code).toBe('STOMP_ERR_SELECTOR_INVALID')
    },
  )

  it('with a long piece of it cut short', () => {
    expect(refusal(`a ${'b'.repeat(500)}`).message.length).toBeLessThan(150)
  })
})

describe('limits', () => {
  it('take 2,048 characters and refuse one more', () => {
    const text = `a = '${'x'.repeat(2042)}'`
    expect(text.length).toBe(2048)
    expect(matches(text)).toBe(false)
    expect(refusal(`${text} `).cure).toContain('2048')
    expect(refusal(' '.repeat(2049)).cure).toContain('2048')
  })

  it('take parentheses 32 deep and refuse one more', () => {
    const nest = (depth: number) => `${'('.repeat(depth)}a${')'.repeat(depth)}`
    expect(matches(nest(32), { a: 'true' })).toBe(true)
    expect(refusal(nest(33)).message).toContain('one parenthesis too deep at character 33')
    expect(matches(`${nest(32)} AND ${nest(32)}`, { a: 'true' })).toBe(true)
  })

  it('take 256 characters of patterns in all and refuse one more', () => {
    const half = 'x'.repeat(128)
    expect(matches(`a LIKE '${half}' OR b LIKE '${half}'`, { b: half })).toBe(true)
    expect(refusal(`a LIKE '${half}' OR b LIKE '${half}_'`).message).toContain('more pattern than is allowed')
  })

  it('let long chains stand, which nest nowhere', () => {
    expect(matches(`${'NOT '.repeat(500)}a`, { a: 'true' })).toBe(true)
    expect(matches(`a = ${'-'.repeat(2000)}1`, { a: '1' })).toBe(true)
    expect(matches(`a = ${'1+'.repeat(1000)}0`, { a: '1000' })).toBe(true)
    expect(matches(`${'a OR '.repeat(400)}b`, { b: 'true' })).toBe(true)
    expect(matches(`${'a AND '.repeat(340)}a`, { a: 'true' })).toBe(true)
    expect(matches(`a IN (${'1,'.repeat(1000)}2)`, { a: '2' })).toBe(true)
  })
})
