import type { Arithmetic, Numeric } from './expression.js'
import { compileRead, type SelectableHeaders, toNumber } from './header-value.js'

/** A number out of headers. NaN stands for NULL and for what is no finite number, and arithmetic hands it on. */
export type Calculate = (headers: SelectableHeaders) => number

/** Makes a function of an arithmetic expression: one closure for each node, chains flat. */
export function compileNumeric(numeric: Numeric): Calculate {
  switch (numeric.kind) {
    case 'header': {
      const read = compileRead(numeric)
      return (headers) => toNumber(read(headers))
    }
    case 'number': {
      const { value } = numeric
      return () => value
    }
    case 'sign': {
      const operand = compileNumeric(numeric.operand)
      return numeric.isNegative ? (headers) => -operand(headers) : operand
    }
    case 'arithmetic':
      return compileArithmetic(numeric)
  }
}

/** From left to right in IEEE doubles; a step that leaves the finite numbers gives NaN and stays there. */
function compileArithmetic({ first, steps }: Arithmetic): Calculate {
  const start = compileNumeric(first)
  const compiled = steps.map(({ operator, operand }) => ({
    apply: CALCULATIONS[operator],
    operand: compileNumeric(operand),
  }))
  return (headers) => {
    let value = start(headers)
    for (const { apply, operand } of compiled) {
      value = apply(value, operand(headers))
      if (!Number.isFinite(value)) return Number.NaN
    }
    return value
  }
}

const CALCULATIONS: Readonly<Record<'+' | '-' | '*' | '/', (one: number, other: number) => number>> = {
  '+': (one, other) => one + other,
  '-': (one, other) => one - other,
  '*': (one, other) => one * other,
  '/': (one, other) => one / other,
}
