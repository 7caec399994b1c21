// The whole server as an application has it: users, rules, hooks, a message route with a schema, heart-beats, all limits.
import hoofbeat from '@hoofbeat/server'
import Fastify from 'fastify'
import { answerParent } from '../measure/child.mjs'
import { LISTEN } from './rooms.mjs'

const app = Fastify()

await app.register(hoofbeat, {
  endpoints: [{ path: '/stomp' }],
  authenticate: ({ login }) => ({ name: login ?? 'guest', mayPublish: true }),
  allow: { send: ['/topic/**'], subscribe: ['/topic/**'] },
  heartBeat: { sendMs: 10_000, receiveMs: 10_000 },
})

await app.register(async (scope) => {
  scope.stomp.message(
    '/notices/:room',
    {
      schema: {
        body: {
          type: 'object',
          required: ['text'],
          properties: { text: { type: 'string', maxLength: 1_000 } },
        },
      },
      sendTo: '/topic/notices/:room',
    },
    (message) => message.body,
  )
})

app.stomp.addHook('authorizeSend', ({ user, destination }) => {
  if (user === undefined || destination.startsWith('/topic/closed/')) throw new Error('not for this user')
})
app.stomp.addHook('authorizeSubscribe', ({ user, destination }) => {
  if (user === undefined || destination.startsWith('/topic/closed/')) throw new Error('not for this user')
})

await app.listen(LISTEN)
answerParent({ port: app.server.address().port, path: '/stomp' })
