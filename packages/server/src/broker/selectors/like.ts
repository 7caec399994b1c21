import { createAutomaton, type Piece } from './like-automaton.js'

/**
 * Makes the test for a LIKE pattern: `_` stands for one character (a code point), `%` for any number of them, also none;
 * the character behind `escapeCharacter`, whichever it is, stands for itself. Case counts.
 *
 * The commonest shapes (no wildcard, or `%` at the ends only) are native string operations; the rest is an automaton.
 *
 * @param escapeCharacter one character, or undefined if the pattern escapes nothing
 * @returns undefined if the pattern ends with the escape character, which then escapes nothing
 */
export function createLikeTest(pattern: string, escapeCharacter?: string): ((text: string) => boolean) | undefined {
  const pieces: Piece[] = []
  const gaps = new Set<number>()
  let isEscaped = false
  for (const character of pattern) {
    if (!isEscaped && character === escapeCharacter) {
      isEscaped = true
      continue
    }
    if (!isEscaped && character === '%') gaps.add(pieces.length)
    else pieces.push(!isEscaped && character === '_' ? undefined : character)
    isEscaped = false
  }
  if (isEscaped) return undefined
  return createSimpleTest(pieces, gaps) ?? createAutomaton(pieces, gaps)
}

/** The test for a pattern without `_`, and with `%` at its ends only. */
function createSimpleTest(
  pieces: readonly Piece[],
  gaps: ReadonlySet<number>,
): ((text: string) => boolean) | undefined {
  for (const gap of gaps) if (gap !== 0 && gap !== pieces.length) return undefined
  if (pieces.includes(undefined)) return undefined
  const literal = pieces.join('')
  const isOpenBefore = gaps.has(0)
  const isOpenBehind = gaps.has(pieces.length)
  if (isOpenBefore && isOpenBehind) return (text) => text.includes(literal)
  if (isOpenBefore) return (text) => text.endsWith(literal)
  if (isOpenBehind) return (text) => text.startsWith(literal)
  return (text) => text === literal
}
