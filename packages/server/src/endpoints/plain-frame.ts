import { type Command, type Frame, headersFromFlat } from '@hoofbeat/codec'
import type { FastifyRequest } from 'fastify'

/** A frame that no client has written: what a request without STOMP means. */
export function plainFrame(
  command: Command,
  destination: string,
  headers: Iterable<readonly [string, string]>,
  body: Uint8Array = new Uint8Array(),
): Frame {
  const flat = ['destination', destination]
  for (const [name, value] of headers) flat.push(name, value)
  return { command, headers: headersFromFlat(flat), body, text: new TextDecoder().decode(body) }
}

/** The query as it was written: Fastify's own reading of it is the application's to choose. */
export function queryOf(request: FastifyRequest): URLSearchParams {
  const { url = '' } = request.raw
  const at = url.indexOf('?')
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1))
}
