// A server as a user's project would have it: everything allowed over TCP, and a durable store in the directory that the
// first argument names. Writes one line of JSON before it opens the store, and one with its port when it listens.
import hoofbeat, { durableStore, embeddedBroker } from '@hoofbeat/server'
import Fastify from 'fastify'

const [, , directory] = process.argv
if (directory === undefined) throw new Error('usage: node node.mjs <directory>')

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

tell({ state: 'opening', pid: process.pid })
const app = Fastify()
await app.register(hoofbeat, {
  tcp: { port: 0, host: '127.0.0.1' },
  authenticate: (connect) => connect.login,
  broker: embeddedBroker({
    store: durableStore({ directory }),
    history: [{ topics: '/topic/history/**', count: 100_000 }],
    // A message that is held through many kills is to be looked for in its own queue.
    maxDeliveries: 1_000_000,
  }),
  allow: { send: ['/topic/**', '/queue/**'], subscribe: ['/topic/**', '/queue/**'] },
  heartBeat: { sendMs: 0, receiveMs: 0 },
  drainMs: 0,
})
await app.ready()
const [listener] = app.stomp.tcpAddresses
tell({ state: 'listening', pid: process.pid, port: listener.port })
process.once('SIGTERM', () => app.close())
