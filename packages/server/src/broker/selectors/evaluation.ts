import { type Calculate, compileNumeric } from './calculation.js'
import type { Condition, Header, Operator, Text } from './expression.js'
import { compileRead, type Read, type SelectableHeaders, toNumber, toTruth } from './header-value.js'
import { FALSE, invert, judgeNumbers, judgeTexts, TRUE, UNKNOWN, type Verdict } from './verdict.js'

/** What a condition says of given headers. */
export type Judge = (headers: SelectableHeaders) => Verdict

/**
 * Makes a function of a condition: one closure for each node, which measured 1.1 to 1.5 times as fast as walking the nodes.
 * Each identifier costs one `get` where it stands, and each node runs at most once for a message.
 */
export function compileCondition(condition: Condition): Judge {
  switch (condition.kind) {
    case 'header': {
      const read = compileRead(condition)
      return (headers) => toTruth(read(headers))
    }
    case 'truth': {
      const verdict = condition.value ? TRUE : FALSE
      return () => verdict
    }
    case 'not': {
      const operand = compileCondition(condition.operand)
      return (headers) => invert(operand(headers))
    }
    case 'and':
      return compileAnd(condition.operands.map(compileCondition))
    case 'or':
      return compileOr(condition.operands.map(compileCondition))
    case 'compare':
      return compileComparison(condition.operator, compileNumeric(condition.left), compileNumeric(condition.right))
    case 'same-text':
      return compileSameText(condition.left, condition.right)
    case 'same-truth': {
      const left = compileCondition(condition.left)
      const right = compileCondition(condition.right)
      return (headers) => {
        const one = left(headers)
        const other = right(headers)
        return one === UNKNOWN || other === UNKNOWN ? UNKNOWN : one === other ? TRUE : FALSE
      }
    }
    case 'between': {
      const subject = compileNumeric(condition.subject)
      const low = compileNumeric(condition.low)
      const high = compileNumeric(condition.high)
      return (headers) => {
        const value = subject(headers)
        const least = low(headers)
        const most = high(headers)
        const isAbove = judgeNumbers(value >= least, value, least)
        const isBelow = judgeNumbers(value <= most, value, most)
        if (isAbove === FALSE || isBelow === FALSE) return FALSE
        return isAbove === TRUE && isBelow === TRUE ? TRUE : UNKNOWN
      }
    }
    case 'in': {
      const { texts, numbers } = condition
      const read = compileRead(condition.header)
      return (headers) => {
        const value = read(headers)
        if (value === undefined) return UNKNOWN
        if (texts.has(value)) return TRUE
        if (numbers.size === 0) return FALSE
        const number = toNumber(value)
        return judgeNumbers(numbers.has(number), number, 0)
      }
    }
    case 'like': {
      const { fits } = condition
      const read = compileRead(condition.header)
      return (headers) => {
        const value = read(headers)
        return value === undefined ? UNKNOWN : fits(value) ? TRUE : FALSE
      }
    }
    case 'is-null': {
      const read = compileRead(condition.header)
      return (headers) => (read(headers) === undefined ? TRUE : FALSE)
    }
  }
}

function compileAnd(operands: readonly Judge[]): Judge {
  return (headers) => {
    let least: Verdict = TRUE
    for (const operand of operands) {
      const verdict = operand(headers)
      if (verdict === FALSE) return FALSE
      if (verdict < least) least = verdict
    }
    return least
  }
}

function compileOr(operands: readonly Judge[]): Judge {
  return (headers) => {
    let greatest: Verdict = FALSE
    for (const operand of operands) {
      const verdict = operand(headers)
      if (verdict === TRUE) return TRUE
      if (verdict > greatest) greatest = verdict
    }
    return greatest
  }
}

function compileSameText(left: Header | Text, right: Header | Text): Judge {
  // The commonest of all has its own closure.
  if (left.kind === 'header' && right.kind === 'text') {
    const read = compileRead(left)
    const { value } = right
    return (headers) => judgeTexts(read(headers), value)
  }
  const one = compileText(left)
  const other = compileText(right)
  return (headers) => judgeTexts(one(headers), other(headers))
}

function compileText(text: Header | Text): Read {
  if (text.kind === 'header') return compileRead(text)
  const { value } = text
  return () => value
}

function compileComparison(operator: Operator, left: Calculate, right: Calculate): Judge {
  const holds = COMPARISONS[operator]
  return (headers) => {
    const one = left(headers)
    const other = right(headers)
    return judgeNumbers(holds(one, other), one, other)
  }
}

const COMPARISONS: Readonly<Record<Operator, (one: number, other: number) => boolean>> = {
  '=': (one, other) => one === other,
  '<>': (one, other) => one !== other,
  '<': (one, other) => one < other,
  '<=': (one, other) => one <= other,
  '>': (one, other) => one > other,
  '>=': (one, other) => one >= other,
}
