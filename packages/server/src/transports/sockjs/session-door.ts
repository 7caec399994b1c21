import type { FastifyReply, FastifyRequest } from 'fastify'
import { setJsessionid } from './answer-head.js'
import { parsePayload } from './payload.js'
import type { ProvedClaim } from './peers.js'
import { jsonp, pollReceiver, XHR } from './poll-receiver.js'
import type { Receiver } from './receiver.js'
import type { SessionAction, SockJsTarget } from './request-path.js'
import type { SockJsSession } from './session.js'
import { EVENT_SOURCE, htmlFile, type StreamShape, streamReceiver, XHR_STREAMING } from './stream-receiver.js'
import type { SockJsTable } from './table.js'

/** What the requests of sessions are answered with. */
export interface SessionDoorParts {
  readonly table: SockJsTable
  readonly maxStreamBytes: number
  readonly maxBodyBytes: number
  /** Whether every answer sets that cookie; it is the last one, where clients keep only that. */
  readonly jsessionid: boolean
}

const TEXT = 'text/plain; charset=UTF-8'

/** Answers a request that names a session: it receives, or it sends. */
export async function answerSession(
  target: Extract<SockJsTarget, { readonly kind: 'session' }>,
  request: FastifyRequest,
  reply: FastifyReply,
  parts: SessionDoorParts,
): Promise<FastifyReply> {
  const { action, session: id } = target
  switch (action) {
    case 'websocket':
      return reply.code(400).type(TEXT).send('Not a valid websocket request\n')
    case 'xhr_send':
    case 'jsonp_send': {
      const session = await parts.table.find(id, request)
      if (parts.jsessionid) setJsessionid(request, reply)
      return session === undefined ? notFound(reply) : take(session, action, request, reply, parts)
    }
    default:
      return receive(id, action, request, reply, parts)
  }
}

/** Makes the receiver of a request once there is a session that takes it. */
type Start = (session: SockJsSession) => Receiver

async function receive(
  id: string,
  action: Exclude<SessionAction, 'websocket' | 'xhr_send' | 'jsonp_send'>,
  request: FastifyRequest,
  reply: FastifyReply,
  parts: SessionDoorParts,
): Promise<FastifyReply> {
  const start = startOf(action, request, reply, parts.maxStreamBytes)
  if (typeof start === 'string') return reply.code(500).type(TEXT).send(start)
  const via = request.getDecorator<ProvedClaim | null>('sockJsClaim')?.from
  const session = await parts.table.findOrOpen(id, request, reply)
  if (parts.jsessionid) setJsessionid(request, reply)
  // Somebody else has answered: a deadline of the application.
  if (reply.sent) return reply
  if (session === undefined) return notFound(reply)
  session.receive(start(session), via)
  // Where that node leaves there is no time to wait in.
  if (via !== undefined && parts.table.hasReleased(via)) session.release(via)
  return reply
}

function startOf(
  action: 'xhr' | 'xhr_streaming' | 'eventsource' | 'htmlfile' | 'jsonp',
  request: FastifyRequest,
  reply: FastifyReply,
  maxStreamBytes: number,
): Start | string {
  const stream =
    (shape: StreamShape): Start =>
    (session) =>
      streamReceiver(reply, shape, maxStreamBytes, session)
  switch (action) {
    case 'xhr':
      return (session) => pollReceiver(reply, XHR, session)
    case 'xhr_streaming':
      return stream(XHR_STREAMING)
    case 'eventsource':
      return stream(EVENT_SOURCE)
    case 'htmlfile':
    case 'jsonp': {
      const callback = callbackOf(request)
      if (callback === undefined) return '"callback" parameter required\n'
      if (!/^[-.\w]{1,256}$/.test(callback)) return 'invalid "callback" parameter\n'
      return action === 'jsonp'
        ? (session) => pollReceiver(reply, jsonp(callback), session)
        : stream(htmlFile(callback))
    }
  }
}

/** The parameter `c`, or, as some clients have it, `callback`. */
function callbackOf(request: FastifyRequest): string | undefined {
  const { searchParams } = new URL(request.raw.url ?? '', 'http://localhost')
  return searchParams.get('c') ?? searchParams.get('callback') ?? undefined
}

async function take(
  session: SockJsSession,
  action: 'xhr_send' | 'jsonp_send',
  request: FastifyRequest,
  reply: FastifyReply,
  { maxBodyBytes }: SessionDoorParts,
): Promise<FastifyReply> {
  const isForm = action === 'jsonp_send' && request.getDecorator<boolean>('sockJsIsForm')
  const payload = parsePayload(request.body instanceof Uint8Array ? request.body : new Uint8Array(), isForm)
  if ('fault' in payload) {
    const code = payload.fault === 'Too many messages.' ? 413 : 500
    return reply.code(code).type(TEXT).send(`${payload.fault}\n`)
  }
  // Clients send one request after the other; whoever does not is not kept in memory without bound.
  if (session.inboxLength > maxBodyBytes) {
    return reply.code(429).type(TEXT).send('What was sent before has not been taken yet.\n')
  }
  await session.take(payload.messages)
  // Old browsers take a 204 without a type for XML, or do not see it at all where a form has asked.
  return action === 'xhr_send' ? reply.code(204).type(TEXT).send() : reply.code(200).type(TEXT).send('ok')
}

function notFound(reply: FastifyReply): FastifyReply {
  reply.callNotFound()
  return reply
}
