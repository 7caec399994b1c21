/**
 * The three values of a condition, in such an order that AND is the least and OR the greatest of its operands, and NOT
 * turns the order round: the tables of Jakarta Messaging 3.1, section 3.8.1.2.
 */
export const FALSE = 0
export const UNKNOWN = 1
export const TRUE = 2

export type Verdict = typeof FALSE | typeof UNKNOWN | typeof TRUE

/** What is known about two numbers: nothing if one of them is NaN. */
export function judgeNumbers(holds: boolean, one: number, other: number): Verdict {
  return Number.isNaN(one) || Number.isNaN(other) ? UNKNOWN : holds ? TRUE : FALSE
}

/** What is known about two texts: nothing if one of them is missing. */
export function judgeTexts(one: string | undefined, other: string | undefined): Verdict {
  return one === undefined || other === undefined ? UNKNOWN : one === other ? TRUE : FALSE
}

/** NOT. */
export function invert(verdict: Verdict): Verdict {
  return verdict === UNKNOWN ? UNKNOWN : verdict === TRUE ? FALSE : TRUE
}
