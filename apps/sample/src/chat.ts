import { randomUUID } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { StompError } from '@hoofbeat/server'
import { Type } from 'typebox'
import { people } from './people.js'
import { type ChatMessage, createRooms } from './rooms.js'

const MAX_NAME_LENGTH = 40

// A room's name is one segment of a destination: letters and digits of any script, and hyphens.
const params = Type.Object({ room: Type.String({ pattern: '^[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}-]{0,31}$' }) })

const body = Type.Object({
  text: Type.String({ maxLength: 1000, pattern: '\\S' }),
  ref: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
})

/**
 * Rooms to talk in. SEND `{"text":"..."}` to `/app/chat/:room` and the subscribers of `/topic/chat-room/:room` get it with
 * the name of its sender; SUBSCRIBE to `/app/history/:room` for what was said before, and to `/app/rooms` and
 * `/topic/chat-rooms` for the names of the rooms.
 */
export const chat: FastifyPluginAsyncTypebox = async (app) => {
  const rooms = createRooms()

  app.stomp.addHook('authorizeSend', ({ user }) => {
    if (user !== undefined && user.name.length <= MAX_NAME_LENGTH) return
    throw new StompError('STOMP_ERR_NOT_AUTHENTICATED', {
      message: `Talking needs a name of 1 to ${MAX_NAME_LENGTH} characters`,
      cure: 'Connect again with a login header: it becomes your name.',
    })
  })
  // A page that listens at /user/queue/errors goes on when a message is refused; what is no StompError is not for it.
  app.stomp.setErrorHandler((error) => {
    if (error instanceof StompError) return { message: error.message, cure: error.cure }
    throw error
  })
  await app.register(people)

  const options = { schema: { params, body }, sendTo: '/topic/chat-room/:room' }
  app.stomp.message('/chat/:room', options, async ({ params: { room }, body: { text, ref }, user, log }) => {
    const name = user?.name ?? ''
    const known = rooms.messages(room)
    // A page that lost its connection before the receipt came sends again what may have arrived.
    if (ref !== undefined && known.some((message) => message.ref === ref)) return undefined
    const message: ChatMessage = {
      id: randomUUID(),
      ...(ref && { ref }),
      name,
      text: text.trim(),
      at: new Date().toISOString(),
    }
    rooms.add(room, message)
    // Not awaited: the message behind this one would be published first.
    if (known.length === 0) app.stomp.publish('/topic/chat-rooms', rooms.names()).catch((error) => log.error(error))
    return message
  })

  app.stomp.subscription('/history/:room', { schema: { params } }, async ({ params: { room } }) => rooms.messages(room))

  app.stomp.subscription('/rooms', async () => rooms.names())
}
