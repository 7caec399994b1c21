import { createHeaders, type HeadersInit } from '@hoofbeat/codec'
import type { AckReference, SubscribeRequest, TransactionRequest } from '../../../src/broker/broker.js'
import type { Message } from '../../../src/message/message.js'
import type { Request, SendRequest } from '../operation.js'
import type { ModelRequest } from '../reference/batches.js'
import type { ModelChannel } from '../reference/sessions.js'

/** A request as the model takes it, and as the broker does. */
export interface Translation {
  readonly meant: ModelRequest
  readonly asked: TransactionRequest
}

/** Says what a request is to both. `tag`: of its message, if it is a SEND. */
export function translate(channel: ModelChannel | undefined, request: Request, tag: () => string): Translation {
  if ('send' in request) {
    const name = tag()
    return { meant: { tag: name, send: request }, asked: sendRequest(request.send, name, headersOf(request)) }
  }
  if ('answer' in request) {
    const { answer } = request
    const reference = referenceOf(channel, request)
    return { meant: { isAck: answer === 'ACK', reference }, asked: { command: answer, reference } }
  }
  switch (request.bad) {
    case 'ack':
      return { meant: { code: 'STOMP_ERR_ACK_UNKNOWN' }, asked: { command: 'ACK', reference: { ack: '0-1-id-0' } } }
    case 'destination':
      return { meant: { code: 'STOMP_ERR_DESTINATION_UNKNOWN' }, asked: sendRequest('/nowhere/at/all', 'bad') }
    case 'expiration': {
      const asked = sendRequest('/queue/a', 'bad', [['expiration', 'soon']])
      return { meant: { code: 'STOMP_ERR_HEADER_INVALID' }, asked }
    }
  }
}

/** The delivery that an answer is about. */
function referenceOf(
  channel: ModelChannel | undefined,
  { pick, form }: Extract<Request, { readonly answer: unknown }>,
): AckReference {
  const held =
    channel?.subscriptions.flatMap((each) => each.held.map((one) => ({ ...one, subscription: each.id }))) ?? []
  const pool = held.length > 0 ? held : (channel?.given ?? [])
  const picked = pool[pick % pool.length]
  // One message may be twice with the dead letters: then its message-id does not say which.
  const isPlain = held.filter(({ messageId }) => messageId === picked?.messageId).length < 2
  if (picked === undefined || form === 'ack' || !isPlain) return { ack: picked?.ack ?? 'nothing' }
  return { messageId: picked.messageId, subscription: form === 'both' ? picked.subscription : undefined }
}

export function subscribeRequest(id: string, destination: string, headers: HeadersInit): SubscribeRequest {
  return {
    ...{ command: 'SUBSCRIBE', id, shownId: id, shownDestination: undefined, destination },
    headers: createHeaders(headers),
  }
}

type Pairs = readonly (readonly [string, string])[]

function sendRequest(destination: string, tag: string, headers: Pairs = []): TransactionRequest & { command: 'SEND' } {
  return {
    ...{ command: 'SEND', destination, body: new Uint8Array() },
    headers: createHeaders([['tag', tag], ...headers]),
  }
}

function headersOf({ isPersistent, ttlMs, kind }: SendRequest): Pairs {
  const headers: [string, string][] = [['kind', kind]]
  if (isPersistent) headers.push(['persistent', 'true'])
  if (ttlMs !== undefined) headers.push(['expiration', String(ttlMs)])
  return headers
}

export function tagOf({ headers }: Message): string {
  return headers.get('tag') ?? ''
}
