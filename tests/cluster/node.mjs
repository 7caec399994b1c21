// One node as a user's project would have it: hoofbeat over a relay, everything allowed, and a few HTTP routes by which a
// test asks it for what a back-end would do. The first argument is JSON: see `NodeOptions` of nodes.ts; without a broker the
// embedded one serves. Writes a line of JSON when it listens, when it begins to close, for each change of the broker's state
// and for each session that is closed.
import { subscribe } from 'node:diagnostics_channel'
import * as server from '@hoofbeat/server'
import Fastify from 'fastify'

const options = JSON.parse(process.argv[2])
const { broker, secret, hasUrl = true, port, mode = 'shared', heartBeatMs = 1_000, drainMs = 0 } = options
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

subscribe('hoofbeat:broker-availability', ({ isAvailable }) =>
  tell({ state: 'availability', isAvailable, atMs: Date.now() }),
)

subscribe('hoofbeat:disconnected', ({ user, code, wasConnected }) => {
  if (wasConnected) tell({ state: 'disconnected', user, code, atMs: Date.now() })
})

function relay() {
  const [login, passcode] = ['guest', 'guest']
  return server.relayBroker({
    hosts: [`stomp://127.0.0.1:${broker}`],
    // A broker that is killed may take longer to come again than applications would wait.
    waiting: { maxMs: 60_000 },
    virtualHost: '/',
    systemLogin: { login, passcode },
    mode,
    heartBeat: { sendMs: heartBeatMs, receiveMs: heartBeatMs },
    cluster: { secret, ...(hasUrl ? { url: `http://127.0.0.1:${port}` } : {}) },
  })
}

// As docs/restricted-networks.md has it: while it ends, links by poll and SockJS sessions are still told why.
const app = Fastify({ return503OnClosing: false })
await app.register(server.default, {
  endpoints: [{ path: '/stomp', sockjs: true }],
  authenticate: ({ login, passcode }) => {
    if (passcode === 'wrong') throw new Error('refused')
    return login
  },
  allow: { send: ['/**'], subscribe: ['/**'] },
  broker: broker === undefined ? server.embeddedBroker() : relay(),
  heartBeat: { sendMs: 0, receiveMs: 0 },
  drainMs,
})

let isClosing = false

// Need no broker.
app.stomp.subscription('/now', () => ({ now: Date.now() }))
app.stomp.message('/note', () => {})

app.post('/push', async ({ body: { user, destination, text, headers = {} } }) => {
  if (user === undefined) await app.stomp.publish(destination, text, { headers })
  else await app.stomp.sendToUser(user, destination, text, { headers })
  return { pushed: true }
})
app.post('/disconnect', async ({ body: { user } }) => ({
  ended: await app.stomp.disconnect({ user }, 'asked to leave'),
}))
app.get('/sessions/:user', async ({ params: { user } }) => ({
  sessions: app.stomp.users.get(user)?.sessions.length ?? 0,
}))

app.get('/health/live', async (_request, reply) => reply.code(isClosing ? 503 : 200).send())

await app.listen({ port, host: '127.0.0.1' })
tell({ state: 'listening', pid: process.pid })
process.once('SIGTERM', () => {
  isClosing = true
  tell({ state: 'closing', atMs: Date.now() })
  app.close()
})
