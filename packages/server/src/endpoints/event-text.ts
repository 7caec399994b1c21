import { isUtf8 } from 'node:buffer'

/**
 * One message as a Server-Sent Event for EventSource: the destination is the event's name and the text body its data. A
 * body that is no UTF-8 comes as base64, and `base64 ` stands before the name: no destination begins like that. A line
 * end within a text arrives as LF, whichever it was: that is what event streams do to it.
 */
export function eventOf(id: string, destination: string, body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const head = `id: ${oneLine(id)}\n`
  if (!isUtf8(bytes)) return `${head}event: base64 ${oneLine(destination)}\ndata: ${bytes.toString('base64')}\n\n`
  return `${head}event: ${oneLine(destination)}\n${dataLines(bytes.toString('utf8'))}\n`
}

/** Tells that messages of a destination may be missing before the next event. */
export function gapEvent(destination: string): string {
  return `event: gap\n${dataLines(destination)}\n`
}

/** Gives the reader an id to come back with, before the first message. EventSource takes it without telling the page. */
export function idOnly(id: string): string {
  return `id: ${oneLine(id)}\n\n`
}

function dataLines(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('')
}

/** A field of an event ends with its line; an id with NUL would be ignored. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\0]/g, ' ')
}
