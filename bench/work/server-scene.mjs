// The whole server as an application has it: users, rules, hooks, a message route with a schema, heart-beats, all limits.
// Time stands still unless it is moved.
import hoofbeat from '@hoofbeat/server'
import { createFakeClock } from '@hoofbeat/server/testing'
import Fastify from 'fastify'
import { clientChunk, openWire } from './server-wire.mjs'

const PATH = '/stomp'
export const BEAT_MS = 10_000
const CONNECT = clientChunk([
  `CONNECT\naccept-version:1.2\nhost:bench\nlogin:someone\nheart-beat:${BEAT_MS},${BEAT_MS}\n\n\0`,
])

/** `options`: what differs from the usual options of the plugin. */
export async function createScene(options = {}) {
  const clock = createFakeClock()
  const app = Fastify()
  await app.register(hoofbeat, {
    endpoints: [{ path: PATH }],
    authenticate: ({ login }) => ({ name: login ?? 'guest', mayPublish: true }),
    allow: { send: ['/topic/**', '/queue/**'], subscribe: ['/topic/**', '/queue/**'] },
    heartBeat: { sendMs: BEAT_MS, receiveMs: BEAT_MS },
    clock,
    ...options,
  })
  await app.register(async (scope) => {
    scope.stomp.message(
      '/notices/:room',
      {
        schema: {
          body: { type: 'object', required: ['text'], properties: { text: { type: 'string', maxLength: 1_000 } } },
        },
        sendTo: '/topic/notices/:room',
      },
      (message) => message.body,
    )
  })
  for (const hook of ['authorizeSend', 'authorizeSubscribe']) {
    app.stomp.addHook(hook, ({ user, destination }) => {
      if (user === undefined || destination.startsWith('/topic/closed/')) throw new Error('not for this user')
    })
  }
  await app.ready()

  return {
    app,
    clock,
    /** Opens connections, and subscribes each: the answer is ready when all are. */
    async connect(count, subscribe) {
      const wires = Array.from({ length: count }, () => openWire(app.server, PATH))
      await until(() => wires.every(({ writes }) => writes === 1))
      for (const wire of wires) wire.push(CONNECT)
      await until(() => wires.every(({ frames }) => frames === 1))
      if (subscribe !== undefined) {
        for (const [i, wire] of wires.entries()) wire.push(clientChunk([subscribe(i)]))
        await until(() => wires.every(({ frames }) => frames === 2))
      }
      return wires
    },
  }
}

/** Everything within the process happens in a bounded number of turns of the event loop. */
const PATIENCE_TURNS = 1_000

async function until(isSo) {
  for (let i = 0; !isSo(); i++) {
    if (i === PATIENCE_TURNS) throw new Error('the server does not answer as it should')
    await new Promise((resolve) => setImmediate(resolve))
  }
}
