import { CONTROL_MARK } from './protocol.js'

/** Greatest control message, in characters (PROTOCOL.md, section 6). */
export const MAX_CONTROL_LENGTH = 8192

/** A control message of a WebSocket, taken apart. */
export interface Control {
  /** What it is: one character. */
  readonly letter: string
  /** The JSON object behind it; its shape is checked by who reads it. */
  readonly data: Readonly<Record<string, unknown>>
}

/** The text of a control message. */
export function writeControl(letter: string, data: object): string {
  return CONTROL_MARK + letter + JSON.stringify(data)
}

/** True if a text message of a WebSocket is a control message, not data. */
export function isControl(text: string): boolean {
  return text.startsWith(CONTROL_MARK) && !text.startsWith(CONTROL_MARK, 1)
}

/** Takes a control message apart. Undefined: it is malformed or too long. */
export function readControl(text: string): Control | undefined {
  if (text.length > MAX_CONTROL_LENGTH) return undefined
  const letter = text.charAt(1)
  const data = readObject(text.slice(2))
  return data && { letter, data }
}

/** Data text as the wire has it: one that begins with U+0001 gets one more in front. */
export function writeData(text: string): string {
  return text.startsWith(CONTROL_MARK) ? CONTROL_MARK + text : text
}

/** The data text behind what the wire has. */
export function readData(text: string): string {
  return text.startsWith(CONTROL_MARK) ? text.slice(1) : text
}

/** One JSON object. Undefined: it is none. */
export function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = parsed(text)
  return isObject(value) ? value : undefined
}

/** What a text is as JSON. Undefined: it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
