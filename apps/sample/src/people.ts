import { randomUUID } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { StompError } from '@hoofbeat/server'
import { Type } from 'typebox'
import type { ChatMessage } from './rooms.js'

/** Names that one answer tells at most; the rest is told as people come and go. */
const MAX_NAMES = 500

/** What one person has said to another. */
export interface PrivateMessage extends ChatMessage {
  readonly to: string
}

const body = Type.Object({
  to: Type.String({ minLength: 1, maxLength: 40 }),
  text: Type.String({ maxLength: 1000, pattern: '\\S' }),
  ref: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
})

/**
 * Who is here, and talk between two. SUBSCRIBE to `/app/people` for the names, and to `/topic/chat-people` for
 * `{"name","isHere"}` as people come and go. SEND `{"to","text"}` to `/app/private`, and it comes to `/user/queue/private` of
 * both; nothing is kept of it.
 */
export const people: FastifyPluginAsyncTypebox = async (app) => {
  const tell = (name: string | undefined, isHere: boolean): Promise<void> =>
    app.stomp.publish('/topic/chat-people', { name, isHere })
  app.stomp.addHook('onConnected', ({ user, isFirst }) => isFirst && tell(user?.name, true))
  app.stomp.addHook('onDisconnected', ({ user, isLast }) => {
    // Of this node; the same person may be at another one.
    if (isLast && user !== undefined) return tell(user.name, app.stomp.users.get(user.name) !== undefined)
    return undefined
  })

  app.stomp.subscription('/people', async () => {
    const names: string[] = []
    for (const { name } of app.stomp.users) if (names.push(name) === MAX_NAMES) break
    return names
  })

  const options = { schema: { body }, sendToUser: '/queue/private' }
  app.stomp.message('/private', options, async ({ body: { to, text, ref }, user }): Promise<PrivateMessage> => {
    const name = user?.name ?? ''
    if (app.stomp.users.get(to) === undefined) {
      throw new StompError('STOMP_ERR_BODY_INVALID', { message: `${to} is not here`, cure: 'Try again later.' })
    }
    const at = new Date().toISOString()
    const message = { id: randomUUID(), ...(ref && { ref }), name, to, text: text.trim(), at }
    if (to !== name) await app.stomp.sendToUser({ user: to }, '/queue/private', message)
    return message
  })
}
