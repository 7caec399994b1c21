// The whole server on a TCP port: node hoofbeat.mjs [durable]. Durable: with a store on disk, in the folder for temporary
// files (TMPDIR), which is removed when this process is gone.
import { durableStore, embeddedBroker, hoofbeat } from '@hoofbeat/server'
import fastify from 'fastify'
import { answerParent } from '../measure/child.mjs'
import { makeFolder, removeWhenGone } from '../measure/foreign.mjs'

const isDurable = process.argv[2] === 'durable'
const PREFIXES = ['/queue/**', '/topic/**']

async function makeStore() {
  const directory = await makeFolder('store')
  removeWhenGone(directory)
  return durableStore({ directory })
}

const app = fastify()
await app.register(hoofbeat, {
  broker: embeddedBroker(isDurable ? { store: await makeStore() } : {}),
  authenticate: ({ login }) => login,
  allow: { send: PREFIXES, subscribe: PREFIXES },
  tcp: { port: 0, backlog: 4_096 },
})
await app.ready()
answerParent({ port: app.stomp.tcpAddresses[0].port })
