import type { TokenCursor } from './cursor.js'
import { createLikeTest } from './like.js'
import { refuseAt, type Token } from './token.js'

/** Longest patterns of all LIKEs of one selector together, in UTF-16 units: what LIKE costs grows with them. */
export const MAX_PATTERNS_LENGTH = 256

/** What stands behind IN. */
export interface ConstantList {
  readonly texts: ReadonlySet<string>
  readonly numbers: ReadonlySet<number>
}

/** What stands behind LIKE. */
export interface Pattern {
  readonly length: number
  readonly fits: (text: string) => boolean
}

/** Takes all signs as one; undefined if there is none. */
export function takeSign(cursor: TokenCursor): 1 | -1 | undefined {
  let sign: 1 | -1 | undefined
  for (;;) {
    if (cursor.take('-')) sign = sign === -1 ? 1 : -1
    else if (cursor.take('+')) sign ??= 1
    else return sign
  }
}

/** Takes a number literal if it is next. One that would not be exact, though written whole, is refused. */
export function takeNumber(cursor: TokenCursor): number | undefined {
  const token = cursor.takeKind('number')
  if (token === undefined) return undefined
  const { text, at } = token
  const number = Number(text)
  if (!Number.isFinite(number)) refuseAt(at, 'a number too large', 'Numbers are IEEE doubles: at most about 1.8E308.')
  if (/^\d+$/.test(text) && number > Number.MAX_SAFE_INTEGER) {
    refuseAt(
      at,
      'a whole number too large to be exact',
      "Whole numbers go up to 9007199254740991. Compare longer ones as texts: id = '1234567890123456789'.",
    )
  }
  return number
}

/** Takes texts and numbers between parentheses, at least one. */
export function takeList(cursor: TokenCursor): ConstantList {
  const texts = new Set<string>()
  const numbers = new Set<number>()
  cursor.expect('(')
  do {
    const sign = takeSign(cursor)
    const number = takeNumber(cursor)
    if (number !== undefined) numbers.add((sign ?? 1) * number)
    else if (sign !== undefined) cursor.refuse('a number')
    else texts.add(takeText(cursor, 'a text or a number').text)
  } while (cursor.take(','))
  if (!cursor.take(')')) cursor.refuse("',' or ')'")
  return { texts, numbers }
}

/**
 * Takes a pattern and its ESCAPE.
 *
 * @param longest what is left of {@link MAX_PATTERNS_LENGTH}
 */
export function takePattern(cursor: TokenCursor, longest: number): Pattern {
  const { text, at } = takeText(cursor, 'a pattern in single quotes')
  if (text.length > longest) {
    const cure = `All patterns together have at most ${MAX_PATTERNS_LENGTH} characters.`
    refuseAt(at, 'more pattern than is allowed', cure)
  }
  const escaping = cursor.take('ESCAPE') ? takeText(cursor, 'a character in single quotes') : undefined
  if (escaping !== undefined && [...escaping.text].length !== 1) {
    refuseAt(escaping.at, 'not one character to escape with', "ESCAPE takes one character: ESCAPE '!'.")
  }
  const fits = createLikeTest(text, escaping?.text)
  if (fits === undefined) {
    refuseAt(at, 'a pattern that ends with its escape character', 'Double the escape character to mean itself.')
  }
  return { length: text.length, fits }
}

function takeText(cursor: TokenCursor, what: string): Token {
  return cursor.takeKind('text') ?? cursor.refuse(what)
}
