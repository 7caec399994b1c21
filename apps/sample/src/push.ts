import bearerAuth from '@fastify/bearer-auth'
import { type FastifyPluginAsyncTypebox, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import { StompError } from '@hoofbeat/server'
import { Type } from 'typebox'

/** Of one request. A message that outgrew what a reader may have waiting would end the sessions of its readers. */
const MAX_REQUEST_BYTES = 65_536

/** Where the page listens for what is meant for its user; below `/user`. */
const NOTICES = '/queue/notices'

/**
 * Refusals that are no fault of the request: 503 says that it may be sent again. Where a broker elsewhere was lost it may
 * then come twice.
 */
const STATUS_CODES: Readonly<Record<string, number>> = {
  STOMP_ERR_DESTINATION_LIMIT: 503,
  STOMP_ERR_QUEUE_FULL: 503,
  STOMP_ERR_STORE_FULL: 503,
  STOMP_ERR_STORE_FAILED: 500,
  STOMP_ERR_BROKER_UNAVAILABLE: 503,
  STOMP_ERR_BROKER_REFUSED: 502,
}

// Every version of STOMP can write these.
const headerName = Type.String({ pattern: '^[!-9;-~]+$' })
const headerValue = Type.String({ pattern: '^[^\\u0000-\\u001f\\u007f]*$' })

const body = Type.Object(
  {
    user: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    session: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    destination: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    body: Type.Unknown(),
    headers: Type.Optional(Type.Record(headerName, headerValue, { additionalProperties: false })),
    contentType: Type.Optional(headerValue),
  },
  { additionalProperties: false },
)

/**
 * Lets a back-end in any language push through HTTP, if it has the token: `POST /push` with
 * `{"user":"alice","body":{"text":"Hi"}}` reaches each session of alice at `/user/queue/notices`, with `"session"` in its
 * place that one session, with `{"destination":"/topic/news","body":"Hi"}` whoever subscribes there. No rule and no hook is asked.
 */
export const push: FastifyPluginAsyncTypebox<{ token: string }> = async (app, { token }) => {
  // Fastify's own validator would turn numbers into strings, and drop what it does not know.
  app.setValidatorCompiler(TypeBoxValidatorCompiler)
  app.addHook('onSend', async (_request, reply) => {
    if (reply.statusCode === 401) reply.header('www-authenticate', 'Bearer')
  })
  await app.register(bearerAuth, { keys: new Set([token]) })
  app.setErrorHandler((error: Error & { code?: string }, _request, reply) => {
    if (error.code?.startsWith('STOMP_ERR_')) reply.code(STATUS_CODES[error.code] ?? 400)
    // The body and its content type do not go together.
    else if (error instanceof TypeError) reply.code(400)
    throw error
  })

  app.post('/push', { schema: { body }, bodyLimit: MAX_REQUEST_BYTES }, async ({ body: request }, reply) => {
    const { user, session, destination, body: value, ...options } = request
    reply.code(202)
    if (user !== undefined && session !== undefined) throw invalid('body must have a user or a session, not both')
    if (user !== undefined) {
      const reached = app.stomp.users.get(user)?.sessions.length ?? 0
      await app.stomp.sendToUser({ user }, destination ?? NOTICES, value, options)
      return { reached }
    }
    if (session !== undefined) {
      const reached = app.stomp.users.session(session) === undefined ? 0 : 1
      await app.stomp.sendToUser({ session }, destination ?? NOTICES, value, options)
      return { reached }
    }
    if (destination === undefined) throw invalid('body must have a user, a session or a destination')
    await app.stomp.publish(destination, value, options)
    return {}
  })
}

const invalid = (message: string): StompError => new StompError('STOMP_ERR_BODY_INVALID', { message })
