// A server for cycles.mjs: the fallback with nothing that paces a client, and with little patience for links left alone.
import hoofbeat from '@hoofbeat/server'
import Fastify from 'fastify'
import { answerParent } from '../measure/child.mjs'
import { LISTEN } from '../targets/rooms.mjs'

const MANY = 1_000_000
const app = Fastify()

await app.register(hoofbeat, {
  allow: { subscribe: ['/topic/**'] },
  fallback: {
    limits: {
      maxOpensPerSecond: MANY,
      maxOpenBurst: MANY,
      maxAttachesPerSecond: MANY,
      maxAnonymousLinksPerAddress: MANY,
    },
    times: { freshMs: 1_000 },
  },
})

await app.listen(LISTEN)
answerParent({ port: app.server.address().port, path: '/stomp' })
