// The naive loop, on routes of @fastify/websocket.
import fastifyWebsocket from '@fastify/websocket'
import Fastify from 'fastify'
import { answerParent } from '../measure/child.mjs'
import { LISTEN, Rooms } from './rooms.mjs'

const app = Fastify()
const rooms = new Rooms()

await app.register(fastifyWebsocket, { options: { perMessageDeflate: false } })
app.get('/subscribe/:topic', { websocket: true }, (socket, request) => {
  const room = rooms.of(request.params.topic)
  room.add(socket)
  socket.on('close', () => room.delete(socket))
})
app.get('/publish/:topic', { websocket: true }, (socket, request) => {
  const room = rooms.of(request.params.topic)
  socket.on('message', (data) => {
    const text = data.toString()
    for (const member of room) member.send(text)
  })
})

await app.listen(LISTEN)
answerParent({ port: app.server.address().port, path: '/' })
