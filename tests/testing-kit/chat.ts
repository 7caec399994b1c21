import hoofbeat, { type HoofbeatOptions } from '@hoofbeat/server'
import Fastify, { type FastifyInstance } from 'fastify'

/** Where a chat keeps what was said: asked over a network in real life. */
export interface Archive {
  add(room: string, text: string): Promise<void>
}

/** The chat of the tests, as an application writes it: nothing in it knows that it is tested. */
export async function buildChat(options: HoofbeatOptions = {}, archive?: Archive): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(hoofbeat, {
    identify: ({ headers }) => (headers.authorization === 'Bearer of-ada' ? 'ada' : undefined),
    authenticate({ identity, login, passcode }) {
      if (identity) return identity
      if (login === undefined || passcode !== 'open sesame') throw new Error('who is that?')
      return login
    },
    allow: { send: ['/queue/jobs'], subscribe: ['/topic/rooms/*', '/queue/jobs'] },
    ...options,
  })

  const said = {
    body: {
      type: 'object',
      required: ['text'],
      properties: { text: { type: 'string', minLength: 1 } },
    },
  }
  app.stomp.message('/rooms/:room', { schema: said, sendTo: '/topic/rooms/:room' }, async (message) => {
    const { room } = message.params as { room: string }
    const { text } = message.body as { text: string }
    await archive?.add(room, text)
    return { from: message.user?.name, text }
  })
  app.stomp.message('/whoami', { sendToUser: '/queue/answers' }, async ({ user }) => ({ you: user?.name }))
  app.stomp.addHook('authorizeSubscribe', async ({ destination, user }) => {
    if (destination === '/topic/rooms/staff' && user?.name !== 'ada') throw new Error('staff only')
  })
  app.stomp.addHook('onDisconnected', async ({ user, isLast }) => {
    if (isLast) await app.stomp.publish('/topic/rooms/lobby', { left: user?.name })
  })
  return app
}
