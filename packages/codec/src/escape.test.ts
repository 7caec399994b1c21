import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeText, unescapeText } from './escape.js'
import { rulesOf } from './version.js'

const V11 = rulesOf(false, '1.1')
const V12 = rulesOf(false, '1.2')

describe('escaping', () => {
  it('writes what STOMP 1.2 defines, and CR as it is in STOMP 1.1', () => {
    expect(escapeText('a:b\nc\rd\\e', V12)).toBe('a\\cb\\nc\\rd\\\\e')
    expect(escapeText('a:b\nc\rd\\e', V11)).toBe('a\\cb\\nc\rd\\\\e')
    expect(escapeText('plain', V12)).toBe('plain')
  })

  it('is undone by unescaping, whatever the text', () => {
    const texts = fc.array(
      fc.oneof(fc.constantFrom(':', '\\', '\n', '\r', 'n', 'c', 'r'), fc.string({ unit: 'binary' })),
    )
    fc.assert(
      fc.property(texts, fc.constantFrom(V11, V12), (parts, rules) => {
        const text = parts.join('')
        const escaped = escapeText(text, rules)
        expect(escaped).not.toMatch(rules === V12 ? /[:\n\r]/ : /[:\n]/)
        expect(unescapeText(escaped, escaped.indexOf('\\'), rules)).toBe(text)
      }),
    )
  })

  it('is the only way to write a text: what can be unescaped is escaped to itself', () => {
    const texts = fc.array(fc.constantFrom('\\\\', '\\n', '\\c', '\\r', '\\', 'x', 'n')).map((parts) => parts.join(''))
    fc.assert(
      fc.property(texts, (escaped) => {
        const text = unescapeText(escaped, escaped.indexOf('\\'), V12)
        if (typeof text === 'string') expect(escapeText(text, V12)).toBe(escaped)
        else expect(escaped[text]).toBe('\\')
      }),
    )
  })

  it.each([
    ['\\t', 0],
    ['a\\', 1],
    ['\\\\\\', 2],
    ['\\n\\N', 2],
    ['\\c\\r\\:', 4],
  ])('does not know %j', (text, at) => {
    expect(unescapeText(text, text.indexOf('\\'), V12)).toBe(at)
  })

  it('knows \\r from STOMP 1.2 on', () => {
    expect(unescapeText('\\r', 0, V12)).toBe('\r')
    expect(unescapeText('\\r', 0, V11)).toBe(0)
  })
})
