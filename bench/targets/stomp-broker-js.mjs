// stomp-broker-js; it turns compression off by itself.
import { createServer } from 'node:http'
import StompServer from 'stomp-broker-js'
import { answerParent } from '../measure/child.mjs'
import { LISTEN } from './rooms.mjs'

const server = createServer()
new StompServer({ server, path: '/stomp', heartbeat: [10_000, 10_000] })

server.listen(LISTEN, () => answerParent({ port: server.address().port, path: '/stomp' }))
