import type { Condition, Expression, Header, Numeric, Operator, Text, Truth } from './expression.js'
import { refuseAt } from './token.js'

/** An expression whose use is not settled yet, and where it began. */
export interface Operand {
  readonly expression: Expression
  /** In UTF-16 units from 0. */
  readonly at: number
}

/** The operand as a condition: a header is one by its value `true` or `false`. */
export function toCondition({ expression, at }: Operand): Condition {
  switch (expression.kind) {
    case 'number':
    case 'sign':
    case 'arithmetic':
      return refuseAt(at, 'a number where a condition is needed', 'Compare the number with another: weight > 2500.')
    case 'text':
      return refuseAt(at, 'a text where a condition is needed', "Compare the text with a header: color = 'blue'.")
    default:
      return expression
  }
}

/** The operand as a number: a header is one if its value reads as one. */
export function toNumeric({ expression, at }: Operand): Numeric {
  switch (expression.kind) {
    case 'header':
    case 'number':
    case 'sign':
    case 'arithmetic':
      return expression
    case 'text':
      return refuseAt(
        at,
        'a text where a number is needed',
        'Texts are compared with = and <> only, and only with headers and texts; a number stands without quotes.',
      )
    case 'truth':
      return refuseAt(
        at,
        'TRUE or FALSE where a number is needed',
        'TRUE and FALSE are compared with = and <> only, and only with headers.',
      )
    default:
      return refuseCondition(at)
  }
}

/** The operand as an identifier, which is all that may stand before `word`. */
export function toHeader({ expression, at }: Operand, word: 'IN' | 'LIKE' | 'IS'): Header {
  if (expression.kind === 'header') return expression
  return refuseAt(at, `no name of a header before ${word}`, `Before ${word} stands the name of a header, nothing else.`)
}

/**
 * The comparison of two operands. A number on one side makes a number of a header on the other, TRUE or FALSE makes a
 * truth of it; else they are texts under `=` and `<>`, and numbers under the rest.
 */
export function toComparison(left: Operand, operator: Operator, right: Operand): Condition {
  const one = left.expression
  const other = right.expression
  if (operator === '=' || operator === '<>') {
    const isUnequal = operator === '<>'
    if (isTextual(one) && isTextual(other)) return unless(isUnequal, { kind: 'same-text', left: one, right: other })
    if (isTruthful(one) && isTruthful(other)) return unless(isUnequal, { kind: 'same-truth', left: one, right: other })
  }
  return { kind: 'compare', operator, left: toNumeric(left), right: toNumeric(right) }
}

/** The condition itself, or its opposite. */
export function unless(isNegated: boolean, condition: Condition): Condition {
  return isNegated ? { kind: 'not', operand: condition } : condition
}

function isTextual(expression: Expression): expression is Header | Text {
  return expression.kind === 'header' || expression.kind === 'text'
}

function isTruthful(expression: Expression): expression is Header | Truth {
  return expression.kind === 'header' || expression.kind === 'truth'
}

function refuseCondition(at: number): never {
  return refuseAt(
    at,
    'a condition where a value is needed',
    'Comparisons cannot be compared: join them with AND and OR.',
  )
}
