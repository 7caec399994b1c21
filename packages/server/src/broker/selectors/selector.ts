import { compileCondition } from './evaluation.js'
import type { SelectableHeaders } from './header-value.js'
import { parseCondition } from './parser.js'
import { TRUE } from './verdict.js'

/**
 * Message selectors: the subset of SQL-92 that Jakarta Messaging 3.1 defines in section 3.8.1, on the headers of STOMP.
 * `parser.ts` has the grammar. Headers of STOMP are texts, so a header is what its neighbour makes of it:
 *
 * - Beside a number literal or arithmetic, under `<` `<=` `>` `>=`, and in BETWEEN it is a number, if the whole value reads
 *   `[+-]digits[.digits][E[+-]digits]` (at most 64 characters, `7.` and `.5` included); if not, the result is UNKNOWN.
 * - Beside TRUE or FALSE, and as a condition of its own, it is `true` or `false` in any case of letters; else UNKNOWN.
 * - Otherwise (`=` and `<>` with a text or another header, IN, LIKE) it is a text, compared character by character. A
 *   number in an IN list is compared as by `=`.
 * - A header that is missing is NULL, an empty one is an empty text. NULL makes UNKNOWN of all but IS NULL.
 *
 * Identifiers are names of headers, and case counts. Names that are not identifiers of Java stand in double quotes:
 * `"content-type" = 'text/plain'`. Bare JMS names mean headers of STOMP: JMSMessageID `message-id`, JMSDestination
 * `destination`, JMSCorrelationID `correlation-id`, JMSReplyTo `reply-to`, JMSType `type`, JMSExpiration `expires`,
 * JMSPriority `priority`, JMSTimestamp `timestamp`; JMSDeliveryMode is 'PERSISTENT' if `persistent` is true, else
 * 'NON_PERSISTENT'. In double quotes they are names like any other.
 *
 * What differs from JMS:
 * - Numbers are IEEE doubles, so `7 / 2` is 3.5. A whole number beyond 9007199254740991 is refused as a literal, since it
 *   could not be told from its neighbours. What is not finite (division by zero, overflow) is UNKNOWN.
 * - Operands that cannot be alike, such as `1 = 'a'` or `'a' < 'b'`, are refused; a header that is no number beside one
 *   that should be is UNKNOWN, not FALSE.
 * - The prefix `convert_string_expressions:` of ActiveMQ is taken and changes nothing: headers are always converted.
 */
export interface Selector {
  /** The selector as it was given. */
  readonly text: string
  /**
   * True if the condition is TRUE of these headers; FALSE and UNKNOWN do not match. Never throws.
   *
   * One `get` for each identifier where it stands and at most one step for each term. LIKE takes a step for each character
   * of the header, in patterns of more than 31 characters one more for each 32; all patterns of a selector together have
   * at most 256 characters, so they are few. Measured at worst, on a header of 8 KiB: 2 ms.
   */
  matches(headers: SelectableHeaders): boolean
}

/** ActiveMQ's way to ask for what is always done here. */
const CONVERSION_PREFIX = 'convert_string_expressions:'

/**
 * Reads a selector, once for each subscription. A text of nothing but white space selects everything, as JMS has it for
 * the empty text.
 *
 * @throws StompError STOMP_ERR_SELECTOR_INVALID; the message says what is wrong at which character, the cure what to do.
 *   Refused are also more than 2048 characters, parentheses more than 32 deep, and LIKE patterns of more than 256
 *   characters together.
 */
export function parseSelector(text: string): Selector {
  // Blanked, not cut, so that places in messages stay true.
  const source = text.startsWith(CONVERSION_PREFIX) ? text.slice(CONVERSION_PREFIX.length).padStart(text.length) : text
  if (/^[ \t\f\r\n]{0,2048}$/.test(source)) return { text, matches: () => true }
  const judge = compileCondition(parseCondition(source))
  return { text, matches: (headers) => judge(headers) === TRUE }
}
