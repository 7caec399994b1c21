import { MAX_PATTERNS_LENGTH, takeList, takeNumber, takePattern, takeSign } from './constant.js'
import { TokenCursor } from './cursor.js'
import type { Arithmetic, Condition, Expression, Header, Numeric, Operator } from './expression.js'
import { type Operand, toComparison, toCondition, toHeader, toNumeric, unless } from './operand.js'
import { refuseAt, tokenize } from './token.js'

/** Deepest nesting of parentheses. Nothing else nests, so it bounds the stack of the parser and of the evaluation. */
export const MAX_NESTING = 32

/** Identifiers of JMS, and the headers of STOMP that they mean. Any other identifier is the name of a header itself. */
const JMS_HEADERS: ReadonlyMap<string, string> = new Map([
  ['JMSMessageID', 'message-id'],
  ['JMSDestination', 'destination'],
  ['JMSCorrelationID', 'correlation-id'],
  ['JMSReplyTo', 'reply-to'],
  ['JMSType', 'type'],
  ['JMSExpiration', 'expires'],
  ['JMSPriority', 'priority'],
  ['JMSDeliveryMode', 'persistent'],
  ['JMSTimestamp', 'timestamp'],
])

/**
 * Reads a selector:
 *
 *     either     = both {OR both}
 *     both       = negation {AND negation}
 *     negation   = {NOT} predicate
 *     predicate  = sum [("=" | "<>" | "<" | "<=" | ">" | ">=") sum
 *                      | [NOT] BETWEEN sum AND sum
 *                      | [NOT] IN "(" constant {"," constant} ")"
 *                      | [NOT] LIKE text [ESCAPE text]
 *                      | IS [NOT] NULL]
 *     sum        = product {("+" | "-") product}
 *     product    = signed {("*" | "/") signed}
 *     signed     = {"+" | "-"} primary
 *     primary    = number | text | TRUE | FALSE | identifier | "(" either ")"
 *     constant   = text | {"+" | "-"} number
 *
 * `operand.ts` says what may stand where: before IN, LIKE and IS an identifier, around AND and OR conditions, and so on.
 *
 * @throws StompError STOMP_ERR_SELECTOR_INVALID
 */
export function parseCondition(selector: string): Condition {
  return new Parser(new TokenCursor(tokenize(selector))).parse()
}

class Parser {
  readonly #cursor: TokenCursor
  #nesting = 0
  #patternsLength = 0

  constructor(cursor: TokenCursor) {
    this.#cursor = cursor
  }

  parse(): Condition {
    const condition = toCondition(this.#locate(() => this.#either()))
    if (this.#cursor.peek().kind !== 'end') this.#cursor.refuse('AND, OR or the end')
    return condition
  }

  #either(): Expression {
    return this.#junction('OR', () => this.#both())
  }

  #both(): Expression {
    return this.#junction('AND', () => this.#negation())
  }

  #junction(word: 'AND' | 'OR', parse: () => Expression): Expression {
    const first = this.#locate(parse)
    if (!this.#cursor.take(word)) return first.expression
    const operands = [toCondition(first)]
    do operands.push(toCondition(this.#locate(parse)))
    while (this.#cursor.take(word))
    return { kind: word === 'AND' ? 'and' : 'or', operands }
  }

  #negation(): Expression {
    if (!this.#cursor.take('NOT')) return this.#predicate()
    let isNegated = true
    while (this.#cursor.take('NOT')) isNegated = !isNegated
    const operand = toCondition(this.#locate(() => this.#predicate()))
    // NOT NOT is a condition even of a header, so it does not vanish.
    return { kind: 'not', operand: unless(!isNegated, operand) }
  }

  #predicate(): Expression {
    const left = this.#locate(() => this.#sum())
    const operator = OPERATORS.find((symbol) => this.#cursor.take(symbol))
    if (operator !== undefined) {
      const right = this.#locate(() => this.#sum())
      return toComparison(left, operator, right)
    }
    if (this.#cursor.take('IS')) return this.#isNull(toHeader(left, 'IS'))
    const isNegated = this.#cursor.take('NOT')
    if (this.#cursor.take('BETWEEN')) return unless(isNegated, this.#between(toNumeric(left)))
    if (this.#cursor.take('IN')) {
      return unless(isNegated, { kind: 'in', header: toHeader(left, 'IN'), ...takeList(this.#cursor) })
    }
    if (this.#cursor.take('LIKE')) return unless(isNegated, this.#like(toHeader(left, 'LIKE')))
    return isNegated ? this.#cursor.refuse('BETWEEN, IN or LIKE') : left.expression
  }

  #isNull(header: Header): Condition {
    const isNegated = this.#cursor.take('NOT')
    this.#cursor.expect('NULL')
    return unless(isNegated, { kind: 'is-null', header })
  }

  #between(subject: Numeric): Condition {
    const low = toNumeric(this.#locate(() => this.#sum()))
    this.#cursor.expect('AND')
    return { kind: 'between', subject, low, high: toNumeric(this.#locate(() => this.#sum())) }
  }

  #like(header: Header): Condition {
    const { length, fits } = takePattern(this.#cursor, MAX_PATTERNS_LENGTH - this.#patternsLength)
    this.#patternsLength += length
    return { kind: 'like', header, fits }
  }

  #sum(): Expression {
    return this.#chain('+', '-', () => this.#chain('*', '/', () => this.#signed()))
  }

  #chain(one: '+' | '*', other: '-' | '/', parse: () => Expression): Expression {
    const first = this.#locate(parse)
    const steps: Arithmetic['steps'][number][] = []
    for (;;) {
      const operator = this.#cursor.take(one) ? one : this.#cursor.take(other) ? other : undefined
      if (operator === undefined) break
      steps.push({ operator, operand: toNumeric(this.#locate(parse)) })
    }
    return steps.length === 0 ? first.expression : { kind: 'arithmetic', first: toNumeric(first), steps }
  }

  #signed(): Expression {
    const sign = takeSign(this.#cursor)
    if (sign === undefined) return this.#primary()
    const operand = toNumeric(this.#locate(() => this.#primary()))
    if (operand.kind === 'number') return { kind: 'number', value: sign * operand.value }
    return { kind: 'sign', isNegative: sign < 0, operand }
  }

  #primary(): Expression {
    const cursor = this.#cursor
    const { at } = cursor.peek()
    const number = takeNumber(cursor)
    if (number !== undefined) return { kind: 'number', value: number }
    const text = cursor.takeKind('text')
    if (text !== undefined) return { kind: 'text', value: text.text }
    const quoted = cursor.takeKind('quoted')
    if (quoted !== undefined) return { kind: 'header', name: quoted.text, isDeliveryMode: false }
    const bare = cursor.takeKind('name')?.text
    if (bare !== undefined) {
      return { kind: 'header', name: JMS_HEADERS.get(bare) ?? bare, isDeliveryMode: bare === 'JMSDeliveryMode' }
    }
    if (cursor.take('TRUE')) return { kind: 'truth', value: true }
    if (cursor.take('FALSE')) return { kind: 'truth', value: false }
    return cursor.take('(') ? this.#group(at) : cursor.refuse('a header, a number, a text, TRUE, FALSE or (')
  }

  #group(at: number): Expression {
    this.#nesting++
    if (this.#nesting > MAX_NESTING) {
      refuseAt(at, 'one parenthesis too deep', `Parentheses may nest ${MAX_NESTING} deep.`)
    }
    const expression = this.#either()
    if (!this.#cursor.take(')')) this.#cursor.refuse("AND, OR or ')'")
    this.#nesting--
    return expression
  }

  #locate(parse: () => Expression): Operand {
    const { at } = this.#cursor.peek()
    return { at, expression: parse() }
  }
}

const OPERATORS: readonly Operator[] = ['=', '<>', '<', '<=', '>', '>=']
