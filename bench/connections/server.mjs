// A server in a process of its own: node server.mjs <name> [<heart-beat in ms>]. It does what it takes to hold subscribed
// connections, no more.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { writeHeapSnapshot } from 'node:v8'
import { answerParent } from '../measure/child.mjs'

const HOST = '127.0.0.1'
const BACKLOG = 4_096
const [, , name, beatText = '10000'] = process.argv
const beatMs = Number(beatText)

const SERVERS = {
  async hoofbeat() {
    const { default: fastify } = await import('fastify')
    const { hoofbeat } = await import('@hoofbeat/server')
    const app = fastify()
    await app.register(hoofbeat, {
      heartBeat: { sendMs: beatMs, receiveMs: beatMs },
      authenticate: ({ login }) => login,
      allow: { send: ['/topic/**'] },
    })
    return listening(app, '/stomp')
  },

  async '@fastify/websocket'() {
    const { default: fastify } = await import('fastify')
    const { default: websocket } = await import('@fastify/websocket')
    const app = fastify()
    const members = new Set()
    await app.register(websocket)
    await app.register(async (scope) => {
      scope.get('/ws', { websocket: true }, (socket) => {
        members.add(socket)
        socket.on('close', () => members.delete(socket))
      })
    })
    return listening(app, '/ws')
  },

  async ws() {
    const { WebSocketServer } = await import('ws')
    const server = createServer()
    const members = new Set()
    new WebSocketServer({ server }).on('connection', (socket) => {
      members.add(socket)
      socket.on('close', () => members.delete(socket))
    })
    return listening(server, '/')
  },

  async 'socket.io'() {
    const { Server } = await import('socket.io')
    const server = createServer()
    new Server(server, { serveClient: false, transports: ['websocket'] }).on('connection', (socket) => {
      socket.on('join', (joined) => {
        socket.join('all')
        joined()
      })
    })
    return listening(server, '/socket.io/?EIO=4&transport=websocket')
  },
}

/** Listens; an application of Fastify gives its server away. */
async function listening(appOrServer, path) {
  const server = appOrServer.server ?? appOrServer
  if (server !== appOrServer) await appOrServer.listen({ port: 0, host: HOST, backlog: BACKLOG })
  else await once(server.listen({ port: 0, host: HOST, backlog: BACKLOG }), 'listening')
  return { server, path }
}

const { server, path } = await SERVERS[name]()
answerParent(
  { port: server.address().port, path },
  {
    connections: () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
    snapshot: (file) => writeHeapSnapshot(file),
  },
)
