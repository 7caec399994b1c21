// The octets that shape a frame. All are ASCII, so in UTF-8 none of them is ever part of another character.

export const NUL = 0
export const TAB = 9
export const LF = 10
export const CR = 13
export const SPACE = 32
export const COLON = 58
export const BACKSLASH = 92

/** Space or tab: what STOMP 1.0 drops around names and values, and what is tolerated around numbers. */
const isBlank = (code: number): boolean => code === SPACE || code === TAB

/** Without spaces and tabs at its ends. */
export function trim(text: string): string {
  let from = 0
  let to = text.length
  while (isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}
