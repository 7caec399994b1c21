import { isUtf8 } from 'node:buffer'

/** What a client sent: its messages, or why they could not be read, in the words of the protocol. */
export type Payload =
  | { readonly messages: readonly string[] }
  | { readonly fault: 'Payload expected.' | 'Broken JSON encoding.' | 'Too many messages.' }

const BROKEN: Payload = { fault: 'Broken JSON encoding.' }

/**
 * Reads the body of `xhr_send`, or of `jsonp_send` where it is a form (then its field `d`): a JSON array of strings, or
 * one string. An empty array is a sign of life.
 */
export function parsePayload(body: Uint8Array, isForm: boolean): Payload {
  if (!isUtf8(body)) return BROKEN
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8')
  const json = isForm ? (new URLSearchParams(text).get('d') ?? '') : text
  if (json === '') return { fault: 'Payload expected.' }
  const messages = parseMessages(json)
  if (messages === undefined) return BROKEN
  return messages.length > MAX_MESSAGES ? { fault: 'Too many messages.' } : { messages }
}

/** How many messages may come at once: each costs more than its few bytes. */
export const MAX_MESSAGES = 50_000

/** The messages in a JSON text; undefined: it is none, or they are no strings. */
export function parseMessages(json: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === 'string') return [value]
    return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined
  } catch {
    return undefined
  }
}
