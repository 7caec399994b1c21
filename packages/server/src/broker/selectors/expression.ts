/**
 * A parsed selector as data. Kinds are settled here: what is a number, a text or a condition is known before the first
 * message comes; only a header is what its neighbour makes of it.
 */

/** An identifier: the header to look up. */
export interface Header {
  readonly kind: 'header'
  /** Name of the STOMP header. */
  readonly name: string
  /** `JMSDeliveryMode`: read `persistent` as PERSISTENT or NON_PERSISTENT. */
  readonly isDeliveryMode: boolean
}

/** A string literal. */
export interface Text {
  readonly kind: 'text'
  readonly value: string
}

/** TRUE or FALSE. */
export interface Truth {
  readonly kind: 'truth'
  readonly value: boolean
}

/** Signs in front of an operand that is no literal: all of them in one. Also a plus makes a number of a header. */
export interface Sign {
  readonly kind: 'sign'
  readonly isNegative: boolean
  readonly operand: Numeric
}

/** Operands joined by operators of one precedence, from left to right: flat, so that long chains do not nest. */
export interface Arithmetic {
  readonly kind: 'arithmetic'
  readonly first: Numeric
  readonly steps: readonly { readonly operator: '+' | '-' | '*' | '/'; readonly operand: Numeric }[]
}

export type Numeric = Header | { readonly kind: 'number'; readonly value: number } | Sign | Arithmetic

/** A comparison of numbers. */
export type Operator = '=' | '<>' | '<' | '<=' | '>' | '>='

export type Condition =
  | Header
  | Truth
  | { readonly kind: 'not'; readonly operand: Condition }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Condition[] }
  | { readonly kind: 'compare'; readonly operator: Operator; readonly left: Numeric; readonly right: Numeric }
  | { readonly kind: 'same-text'; readonly left: Header | Text; readonly right: Header | Text }
  | { readonly kind: 'same-truth'; readonly left: Header | Truth; readonly right: Header | Truth }
  | { readonly kind: 'between'; readonly subject: Numeric; readonly low: Numeric; readonly high: Numeric }
  | {
      readonly kind: 'in'
      readonly header: Header
      readonly texts: ReadonlySet<string>
      readonly numbers: ReadonlySet<number>
    }
  | { readonly kind: 'like'; readonly header: Header; readonly fits: (text: string) => boolean }
  | { readonly kind: 'is-null'; readonly header: Header }

/** Anything that can stand between parentheses. */
export type Expression = Condition | Numeric | Text
