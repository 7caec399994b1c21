import bearerAuth from '@fastify/bearer-auth'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const destination = Type.String({ minLength: 1, maxLength: 1024 })

/**
 * The broker from an operator's side, for whoever has the token: `GET /admin/destinations` lists what there is,
 * `POST /admin/purge` forgets what waits in a queue, `POST /admin/move` moves it to another one, or, without `to`, dead
 * letters back to where they came from.
 */
export const admin: FastifyPluginAsyncTypebox<{ token: string }> = async (app, { token }) => {
  const broker = app.stomp.admin
  if (broker === undefined) {
    app.log.warn('ADMIN_TOKEN opens nothing: messages are kept by the broker elsewhere, which has tools of its own')
    return
  }
  await app.register(bearerAuth, { keys: new Set([token]) })
  // What the broker refuses, it says in words for people.
  app.setErrorHandler((error: Error & { code?: string }, _request, reply) => {
    if (error.code === 'STOMP_ERR_DESTINATION_UNKNOWN') reply.code(404)
    else if (error.code === 'STOMP_ERR_QUEUE_FULL') reply.code(409)
    throw error
  })

  app.get('/admin/destinations', async () => ({ destinations: broker.destinations() }))

  app.post('/admin/purge', { schema: { body: Type.Object({ destination }) } }, async ({ body }) => ({
    purged: await broker.purge(body.destination),
  }))

  const move = Type.Object({
    from: destination,
    to: Type.Optional(destination),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
  })
  app.post('/admin/move', { schema: { body: move } }, async ({ body: { from, to, limit } }) => ({
    moved: await broker.move(from, { ...(to && { to }), ...(limit && { limit }) }),
  }))
}
