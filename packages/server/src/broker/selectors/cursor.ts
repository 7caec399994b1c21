import { refuseAt, shown, type Token } from './token.js'

/** Goes through the tokens of a selector, one after the other, never back. */
export class TokenCursor {
  readonly #tokens: readonly Token[]
  #next = 0

  /** @param tokens the last of them is the `end`, which is looked at and never taken */
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  /** The next token, which stays. */
  peek(): Token {
    const token = this.#tokens[this.#next]
    if (token === undefined) throw new RangeError('tokens without an end')
    return token
  }

  /** Takes the next token if it is this keyword or symbol. */
  take(word: string): boolean {
    const { kind, text } = this.peek()
    const isWord = (kind === 'keyword' || kind === 'symbol') && text === word
    if (isWord) this.#next++
    return isWord
  }

  /** Takes the next token if it is of this kind. */
  takeKind(kind: 'name' | 'quoted' | 'text' | 'number'): Token | undefined {
    const token = this.peek()
    if (token.kind !== kind) return undefined
    this.#next++
    return token
  }

  /** Takes this keyword or symbol, or refuses what stands in its place. */
  expect(word: string): void {
    if (!this.take(word)) this.refuse(`'${word}'`)
  }

  /** Refuses the next token. `expected` says what could have stood here. */
  refuse(expected: string): never {
    const { kind, text, at } = this.peek()
    const found = kind === 'end' ? 'the end' : kind === 'text' ? 'a text' : shown(text)
    return refuseAt(at, `${found} in place of ${expected}`, cureFor(this.peek()))
  }
}

function cureFor({ kind, text }: Token): string | undefined {
  if (kind === 'keyword') return `${text} is a word of selectors. A header of this name stands in double quotes.`
  if (/^[<=>]/.test(text)) return 'A comparison has one operator and two sides. Join comparisons with AND and OR.'
  return undefined
}
