/**
 * How a SockJS frame lies on its carrier: one text message of a WebSocket, ready framed; one line (`xhr`,
 * `xhr_streaming`); one Server-Sent Event; one script element of an `htmlfile` page.
 */
export type SockJsForm = 'sockjs-websocket' | 'sockjs-line' | 'sockjs-event' | 'sockjs-script'

/**
 * What a server has to escape in the text of a message beyond what JSON asks for (SockJS 0.3.3, "JSON Unicode
 * Encoding"): characters that browsers drop, change, or take for the end of a line.
 */
const ESCAPABLE = /[\u200c-\u200f\u2028-\u202f\u2060-\u206f\ufff0-\uffff]/g

/** One message, UTF-8 as a whole, as the JSON string that stands in an `a[...]` frame. */
export function encodeJsonString(message: Uint8Array): Uint8Array {
  const text = Buffer.from(message.buffer, message.byteOffset, message.length).toString('utf8')
  return Buffer.from(JSON.stringify(text).replace(ESCAPABLE, toEscape))
}

/** The one frame in which all these messages leave. */
export function arrayFrame(messages: readonly { bytes(form: 'json'): Uint8Array }[]): Uint8Array {
  return joinMessages(messages.map((message) => message.bytes('json')))
}

/** The `a[...]` frame of messages that are JSON strings already. */
export function joinMessages(messages: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [ARRAY_START]
  for (const message of messages) {
    if (parts.length > 1) parts.push(COMMA)
    parts.push(message)
  }
  parts.push(ARRAY_END)
  return Buffer.concat(parts)
}

/** Puts a whole frame (`o`, `h`, `a[...]`, `c[...]`) on its carrier. */
export function encodeSockJsFrame(frame: Uint8Array, form: SockJsForm): Uint8Array {
  switch (form) {
    case 'sockjs-websocket':
      return Buffer.concat([textFrameHead(frame.length), frame])
    case 'sockjs-line':
      return Buffer.concat([frame, LINE_END])
    case 'sockjs-event':
      return Buffer.concat([EVENT_START, encodePercents(frame), EVENT_END])
    case 'sockjs-script':
      return encodeScript(frame)
  }
}

/**
 * sockjs-client gives the data of every event to `decodeURI`, which changes what a `%` begins, or fails. Within a frame
 * it stands in JSON strings only.
 */
function encodePercents(frame: Uint8Array): Uint8Array {
  if (!frame.includes(PERCENT)) return frame
  const text = Buffer.from(frame.buffer, frame.byteOffset, frame.length).toString('utf8')
  return Buffer.from(text.replaceAll('%', '\\u0025'))
}

/** The frame stands in a JavaScript string: `</script>` or `<!--` within it would change where the element ends. */
function encodeScript(frame: Uint8Array): Uint8Array {
  const text = Buffer.from(frame.buffer, frame.byteOffset, frame.length).toString('utf8')
  return Buffer.from(`<script>\np(${JSON.stringify(text).replaceAll('<', '\\u003c')});\n</script>\r\n`)
}

// RFC 6455, section 5.2: a server's text frame in one piece, unmasked.
function textFrameHead(byteLength: number): Uint8Array {
  if (byteLength < 126) return Uint8Array.of(0x81, byteLength)
  if (byteLength < 65_536) return Uint8Array.of(0x81, 126, byteLength >>> 8, byteLength)
  const head = Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0])
  head.writeBigUInt64BE(BigInt(byteLength), 2)
  return head
}

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16)}`
}

const PERCENT = 0x25
const ARRAY_START = Buffer.from('a[')
const ARRAY_END = Buffer.from(']')
const COMMA = Buffer.from(',')
const LINE_END = Buffer.from('\n')
const EVENT_START = Buffer.from('data: ')
const EVENT_END = Buffer.from('\r\n\r\n')
