// The server as bench/targets/hoofbeat.mjs has it, over a relay; arguments: the broker's port and the mode.
import hoofbeat, { relayBroker } from '@hoofbeat/server'
import Fastify from 'fastify'
import { answerParent } from '../measure/child.mjs'
import { LISTEN } from '../targets/rooms.mjs'

const [, , brokerPort, mode] = process.argv
const app = Fastify()

await app.register(hoofbeat, {
  endpoints: [{ path: '/stomp' }],
  authenticate: ({ login }) => ({ name: login ?? 'guest' }),
  allow: { send: ['/topic/**'], subscribe: ['/topic/**'] },
  heartBeat: { sendMs: 10_000, receiveMs: 10_000 },
  broker: relayBroker({
    hosts: [`stomp://127.0.0.1:${brokerPort}`],
    virtualHost: '/',
    systemLogin: { login: 'guest', passcode: 'guest' },
    mode,
  }),
})

await app.listen(LISTEN)
answerParent({ port: app.server.address().port, path: '/stomp' })
