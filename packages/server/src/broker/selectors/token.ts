import { StompError } from '../../errors.js'

/** Longest selector, in UTF-16 units. It bounds the number of tokens and terms too. */
export const MAX_SELECTOR_LENGTH = 2048

/** The words that mean something to a selector, in any case of letters; so none of them can be a bare identifier. */
const KEYWORDS: ReadonlySet<string> = new Set([
  'NULL',
  'TRUE',
  'FALSE',
  'NOT',
  'AND',
  'OR',
  'BETWEEN',
  'LIKE',
  'IN',
  'IS',
  'ESCAPE',
])

/**
 * One token at a time. Bare identifiers are those of Java, numbers are decimal, white space is that of Jakarta Messaging
 * 3.1, section 3.8.1.1. A quote that ends something has no quote behind it, else it would be half of a doubled one. What no
 * other branch takes is a fault. Inside a repetition no two branches begin alike, so the time is linear.
 */
const TOKEN =
  /[ \t\f\r\n]+|(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?<word>[\p{L}\p{Nl}\p{Sc}\p{Pc}][\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mn}\p{Mc}]*)|'(?<text>(?:[^']|'')*)'(?!')|"(?<quoted>(?:[^"]|"")*)"(?!")|(?<symbol><>|<=|>=|[-=<>+*/(),])|(?<fault>.)/gsu

/** A piece of a selector. */
export interface Token {
  /** `name` is a bare identifier, `quoted` one in double quotes, `text` a string literal. */
  readonly kind: 'name' | 'quoted' | 'text' | 'number' | 'keyword' | 'symbol' | 'end'
  /** What it says: without quotes and doubled quotes, a keyword in capitals; of the end, nothing. */
  readonly text: string
  /** Where it begins, in UTF-16 units from 0. */
  readonly at: number
}

/**
 * Takes a selector apart. The last token is the `end`.
 *
 * @throws StompError STOMP_ERR_SELECTOR_INVALID if the text is too long or holds what is no token
 */
export function tokenize(selector: string): Token[] {
  if (selector.length > MAX_SELECTOR_LENGTH) {
    refuseAt(MAX_SELECTOR_LENGTH, 'it goes on', `A selector has at most ${MAX_SELECTOR_LENGTH} characters.`)
  }
  const tokens: Token[] = []
  for (const { index: at, groups = {} } of selector.matchAll(TOKEN)) {
    const { number, word, text, quoted, symbol, fault } = groups
    if (number !== undefined) tokens.push({ kind: 'number', text: number, at })
    else if (word !== undefined) tokens.push(wordToken(word, at, selector))
    else if (text !== undefined) tokens.push({ kind: 'text', text: text.replaceAll("''", "'"), at })
    else if (quoted === '') refuseAt(at, 'an empty name', 'Write the name of a header between the double quotes.')
    else if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted.replaceAll('""', '"'), at })
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, at })
    else if (fault !== undefined) refuseCharacter(fault, at)
  }
  tokens.push({ kind: 'end', text: '', at: selector.length })
  return tokens
}

function wordToken(word: string, at: number, selector: string): Token {
  if (/[0-9.]/.test(selector[at - 1] ?? '')) {
    refuseAt(
      at,
      `${shown(word)} right behind a number`,
      'Numbers are decimal, without a suffix: 57, 7., .5 or -57.9E2.',
    )
  }
  // Not toUpperCase alone: it makes ASCII of letters that are none, such as the dotless i.
  const keyword = /^[A-Za-z]+$/.test(word) ? word.toUpperCase() : ''
  return KEYWORDS.has(keyword) ? { kind: 'keyword', text: keyword, at } : { kind: 'name', text: word, at }
}

function refuseCharacter(character: string, at: number): never {
  if (character === "'") {
    refuseAt(at, 'a text without end', "A text ends with a single quote; one inside it is doubled: 'it''s'.")
  }
  if (character === '"') refuseAt(at, 'a name without end', 'A quoted name ends with a double quote.')
  if (character === '!') refuseAt(at, "'!'", 'Unequal is written <>.')
  refuseAt(
    at,
    shown(character),
    'Names with other characters than letters, digits, _ and $ stand in double quotes, texts in single ones.',
  )
}

/** A piece of the selector for the eyes of its author: not too long. */
export function shown(text: string): string {
  return `'${text.length > 32 ? `${text.slice(0, 32)}...` : text}'`
}

/**
 * Refuses the selector.
 *
 * @param at where, in UTF-16 units from 0; the message counts from 1
 * @param what is wrong there, fit to stand before 'at character 7'
 * @param cure what to do; without it the general advice
 */
export function refuseAt(at: number, what: string, cure?: string): never {
  throw new StompError('STOMP_ERR_SELECTOR_INVALID', {
    message: `The selector is not well-formed: ${what} at character ${at + 1}`,
    ...(cure === undefined ? {} : { cure }),
  })
}
