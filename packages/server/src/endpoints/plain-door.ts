import type { Frame } from '@hoofbeat/codec'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import type { Dispatcher } from '../dispatch/dispatcher.js'
import type { Recipient } from '../dispatch/recipient.js'
import { retryAfterOf, StompError, toStompError } from '../errors.js'
import type { AuthenticateHook } from '../hooks/hooks.js'
import type { User, UserLike } from '../hooks/user.js'
import type { SessionParts } from '../session/session.js'
import { statusOf } from './http-status.js'
import { callerOf } from './plain-caller.js'
import { createPlainReaders, type PlainReaders } from './plain-readers.js'
import { sendPlain } from './plain-send.js'

/** What the plain doors of one path need. */
export interface PlainDoorParts {
  readonly path: string
  readonly session: SessionParts
  readonly authenticate: AuthenticateHook | undefined
  /** Largest body of a message, in bytes. */
  readonly maxBodyBytes: number
  /** Where histories end now; see the broker port. */
  readonly position: () => string | undefined
  /** Origin, limits, identity: rejects with an error that has a `statusCode`. */
  readonly admit: (request: FastifyRequest) => Promise<UserLike>
  /** Sets the head by which the page that asks may read the answer. */
  readonly allowReading: (request: FastifyRequest, reply: FastifyReply) => void
}

/** What stands behind both doors for one request. */
export interface PlainSession {
  readonly id: string
  readonly user: User | undefined
  open(recipient: Recipient, transport?: 'events'): Dispatcher
  /** Counts a frame; returns the refusal if its sender has sent too much. */
  count(frame: Frame): StompError | undefined
}

/** What of an open path must end with the server. */
export type PlainDoor = Pick<PlainReaders, 'end'>

/**
 * For clients without any STOMP: `GET {path}/events?destination=...` gives messages as Server-Sent Events, and
 * `POST {path}/send?destination=...` sends one, with its receipt as the HTTP status. Identity, rules and limits are those
 * of SUBSCRIBE and SEND.
 */
export async function openPlainDoor(fastify: FastifyInstance, parts: PlainDoorParts): Promise<PlainDoor> {
  const readers = createPlainReaders(parts)
  const begin = async (request: FastifyRequest, reply: FastifyReply): Promise<PlainSession> => {
    const identity = await parts.admit(request)
    parts.allowReading(request, reply)
    const { session } = parts
    await (request.method === 'GET' ? session.csrf?.checkReading(request) : session.csrf?.checkRequest(request))
    const id = crypto.randomUUID()
    const user = await callerOf(request, identity, id, parts.authenticate, parts.session.framing.clock)
    return {
      id,
      user,
      count: (frame) => session.rateLimits?.callers.take(frame, user, request.ip),
      open: (recipient, transport) =>
        session.openDispatcher(recipient, {
          sessionId: id,
          user,
          version: '1.2',
          clientId: undefined,
          isPassing: true,
          transport,
        }),
    }
  }
  const answer = async (
    request: FastifyRequest,
    reply: FastifyReply,
    serve: (session: PlainSession) => Promise<unknown>,
  ): Promise<FastifyReply> => {
    reply.header('cache-control', 'no-store').header('vary', 'Origin')
    let session: PlainSession | undefined
    try {
      session = await begin(request, reply)
      await serve(session)
      return reply
    } catch (error) {
      // Of the doors, not of STOMP: told as the other doors tell it.
      if (isHttpRefusal(error)) throw error
      return refuse(reply, toStompError(error, 'STOMP_ERR_HANDLER_FAILED'), session, parts)
    }
  }

  await fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.route({
      method: 'GET',
      url: `${parts.path}/events`,
      exposeHeadRoute: false,
      schema: hidden,
      handler: (request, reply) => answer(request, reply, (session) => readers.open(session, request, reply)),
    })
    scope.route({
      method: 'POST',
      url: `${parts.path}/send`,
      bodyLimit: parts.maxBodyBytes,
      schema: hidden,
      handler: (request, reply) =>
        answer(request, reply, async (session) => {
          await sendPlain(session, request)
          reply.code(204).send()
        }),
    })
  })
  return readers
}

/** Not part of an HTTP API description. */
const hidden: FastifySchema & { readonly hide: boolean } = { hide: true }

function isHttpRefusal(error: unknown): boolean {
  return error instanceof Error && 'statusCode' in error && !(error instanceof StompError)
}

function refuse(
  reply: FastifyReply,
  error: StompError,
  session: PlainSession | undefined,
  parts: PlainDoorParts,
): FastifyReply {
  const { code, message, cure, cause } = error
  const user = session?.user?.name
  parts.session.observe({ type: 'refused', session: session?.id, user, code, message, cause })
  if (error.code === 'STOMP_ERR_NOT_AUTHENTICATED')
    reply.header('www-authenticate', 'Basic realm="messages", charset="UTF-8"')
  const retryAfter = retryAfterOf(error)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  return reply.code(statusOf(error)).send({ code, message, cure })
}
