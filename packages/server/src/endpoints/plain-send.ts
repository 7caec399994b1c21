import type { Frame } from '@hoofbeat/codec'
import type { FastifyRequest } from 'fastify'
import type { Dispatcher } from '../dispatch/dispatcher.js'
import type { Recipient } from '../dispatch/recipient.js'
import { StompError } from '../errors.js'
import { plainFrame, queryOf } from './plain-frame.js'

/** As much of a session as sending takes. */
interface Sender {
  open(recipient: Recipient): Dispatcher
  /** Counts a frame; returns the refusal if the sender has sent too much. */
  count(frame: Frame): StompError | undefined
}

/** Parameters that would be headers of another frame, or are the server's own. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'receipt',
  'transaction',
  'content-length',
  'message-id',
  'subscription',
])

/**
 * Sends one message: the body of the request as it is, its Content-Type as `content-type`, and each further parameter as
 * a header (`persistent=true`). Resolves when the effect is real, as a RECEIPT would tell; rejects with a StompError.
 */
export function sendPlain(sender: Sender, request: FastifyRequest): Promise<void> {
  const query = queryOf(request)
  const [destination, ...others] = query.getAll('destination')
  if (destination === undefined || others.length > 0) {
    throw new StompError('STOMP_ERR_HEADER_MISSING', {
      message: 'The destination is missing, or there are several',
      cure: 'Name one destination in the query: ?destination=/topic/news',
    })
  }
  const headers: [string, string][] = []
  const contentType = request.headers['content-type']
  // What curl says of any --data.
  if (contentType !== undefined && contentType !== 'application/x-www-form-urlencoded') {
    headers.push(['content-type', contentType])
  }
  for (const [name, value] of query) {
    if (name === 'destination') continue
    if (FORBIDDEN.has(name)) {
      throw new StompError('STOMP_ERR_HEADER_INVALID', { message: `The parameter '${name}' cannot be set here` })
    }
    headers.push([name, value])
  }
  const body = request.body instanceof Uint8Array ? request.body : new Uint8Array()
  const frame = plainFrame('SEND', destination, headers, body)
  const excess = sender.count(frame)
  if (excess !== undefined) throw excess
  return new Promise((resolve, reject) => {
    let dispatcher: Dispatcher | undefined
    const end = (told: () => void): void => {
      told()
      // Not inside the call that tells.
      queueMicrotask(() => dispatcher?.close())
    }
    dispatcher = sender.open({
      settled: (settled: Frame) => end(() => settled === frame && resolve()),
      refused: (_refused: Frame, error: StompError) => end(() => reject(error)),
      answered: (refused: Frame | undefined, error: StompError) => refused && end(() => reject(error)),
      failed: (error: StompError) => end(() => reject(error)),
      // What is under way may still come about, as with the frames of a session that have no receipt yet.
      async expel(error: StompError) {
        end(() => reject(error))
      },
      deliver: () => 'dropped',
      setPaused() {},
    })
    dispatcher.handle(frame)
  })
}
