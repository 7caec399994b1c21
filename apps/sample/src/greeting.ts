import { setTimeout } from 'node:timers/promises'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { htmlEscape } from 'escape-goat'
import { Type } from 'typebox'

/** The first example of every STOMP guide: SEND `{"name":"X"}` to `/app/hello`, and `/topic/greetings` greets X. */
export const greeting: FastifyPluginAsyncTypebox<{ delayMs: number }> = async (app, { delayMs }) => {
  const schema = { body: Type.Object({ name: Type.String() }) }

  app.stomp.message('/hello', { schema, sendTo: '/topic/greetings' }, async ({ body }) => {
    await setTimeout(delayMs)
    return { content: `Hello, ${htmlEscape(body.name)}!` }
  })
}
