import { expect, it } from 'vitest'
import { createLikeTest } from './like.js'

it.each([
  ['', '', true],
  ['', 'a', false],
  ['%', '', true],
  ['%', 'anything\nat all', true],
  ['%%', '', true],
  ['_', '', false],
  ['_', 'a', true],
  ['_', '🐎', true],
  ['__', '🐎', false],
  ['%__', '🐎', false],
  ['_', '\n', true],
  ['abc', 'abc', true],
  ['abc', 'Abc', false],
  ['ab%', 'abc', true],
  ['ab%', 'a', false],
  ['%bc', 'abc', true],
  ['%bc', 'abcd', false],
  ['%b%', 'abc', true],
  ['%b%', 'ac', false],
  ['a%a', 'a', false],
  ['a%a', 'aa', true],
  ['%ab%ab%', 'ab', false],
  ['%ab%ab%', 'xabab', true],
  ['%aab', 'aaab', true],
  ['a_%c', 'abc', true],
  ['a_%c', 'ac', false],
  ['%_%_%', 'ab', true],
  ['%_%_%', 'a', false],
  ['a.c', 'abc', false],
  ['[a-z]*', 'b', false],
  ['%x%y', 'xyxyy', true],
])('the pattern %j fits %j: %s', (pattern, text, expected) => {
  expect(createLikeTest(pattern)?.(text)).toBe(expected)
})

it.each([
  ['!%', '!', '%', true],
  ['!%', '!', 'x', false],
  ['!_!!', '!', '_!', true],
  ['a!b', '!', 'ab', true],
  ['%%', '%', '%', true],
  ['%%', '%', 'x', false],
  ['%_a', '%', '_a', true],
  ['🐎%', '🐎', '%', true],
  ['_!_', '!', 'x_', true],
  ['_!_', '!', 'xy', false],
])('the pattern %j with escape character %j fits %j: %s', (pattern, escapeCharacter, text, expected) => {
  expect(createLikeTest(pattern, escapeCharacter)?.(text)).toBe(expected)
})

it('is no pattern when its escape character escapes nothing', () => {
  expect(createLikeTest('a!', '!')).toBeUndefined()
  expect(createLikeTest('a!!', '!')?.('a!')).toBe(true)
  expect(createLikeTest('a!!!', '!')).toBeUndefined()
})

it.each([20, 40, 255])('judges each text on its own, with a pattern of %s characters', (length) => {
  const test = createLikeTest('_'.repeat(length))
  const half = 'a'.repeat(length / 2)
  expect(test?.(half)).toBe(false)
  expect(test?.('a'.repeat(length - half.length))).toBe(false)
  expect(test?.('a'.repeat(length))).toBe(true)
  expect(test?.('a'.repeat(length + 1))).toBe(false)
  expect(test?.('')).toBe(false)
})
