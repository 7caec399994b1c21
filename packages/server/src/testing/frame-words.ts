import type { Frame } from '@hoofbeat/codec'
import type { ClosedWith } from './carrier.js'

const SHOWN_CHARACTERS = 80
const SHOWN_FRAMES = 5

/** A frame in few words, for the text of a failed test. */
export function inWords({ command, headers, text }: Frame): string {
  switch (command) {
    case 'MESSAGE':
      return `MESSAGE from ${headers.get('destination')} for '${headers.get('subscription')}': ${shortened(text)}`
    case 'RECEIPT':
      return `RECEIPT '${headers.get('receipt-id')}'`
    case 'ERROR':
      return `ERROR ${[headers.get('code'), headers.get('message')].filter((part) => part !== undefined).join(': ')}`
    default:
      return command
  }
}

/** Several frames, the first ones in words. */
export function allInWords(frames: readonly Frame[]): string {
  const more = frames.length - SHOWN_FRAMES
  const shown = frames.slice(0, SHOWN_FRAMES).map(inWords)
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join('; ')
}

/** How a connection ended, in words. */
export function endInWords({ code, reason }: ClosedWith): string {
  return `The connection was closed with ${code}${reason === '' ? '' : ` (${reason})`}.`
}

function shortened(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}... (${text.length} characters)`
}
