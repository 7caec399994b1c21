/** Texts that something on the way might change: line ends, NUL, what JSON, JavaScript and HTML mean, beyond the first plane. */
const TAILS = [
  '',
  'a\rb\nc\r\nd',
  '\u0000\u0001\u001f\u007f',
  '"\\\'/</script><!--',
  'Grüße, 世界 🐎',
  '\u200c\u200d\u2028\u2029\ufeff\ufff0\uffff',
  'data: x\n\nevent: k\n',
  '&amp;+%20=',
  ' \t ',
]

/** The text of message `number`: the same for all, so that every character can be checked. */
export function textOf(number: number): string {
  return `${number}:${TAILS[number % TAILS.length]}${'.'.repeat((number * 17) % 100)}`
}

/** The texts from 1 to `count`. */
export function texts(count: number): string[] {
  return Array.from({ length: count }, (_, index) => textOf(index + 1))
}

/** What is wrong with what came: lost, doubled, out of order, changed. Undefined: nothing. */
export function faultOf(received: readonly string[], count: number): string | undefined {
  const at = received.findIndex((text, index) => text !== textOf(index + 1))
  if (at >= 0) return `message ${at + 1} of ${received.length} was ${JSON.stringify(received[at])}`
  return received.length === count ? undefined : `${received.length} messages came instead of ${count}`
}
