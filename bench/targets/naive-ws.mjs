// What one writes first: `send` of the same string to everybody in a room.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { answerParent } from '../measure/child.mjs'
import { LISTEN, Rooms, readPath } from './rooms.mjs'

const server = createServer()
const rooms = new Rooms()

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, request) => {
  const { role, topic } = readPath(request.url)
  const room = rooms.of(topic)
  if (role === 'subscribe') {
    room.add(socket)
    socket.on('close', () => room.delete(socket))
    return
  }
  socket.on('message', (data) => {
    const text = data.toString()
    for (const member of room) member.send(text)
  })
})

server.listen(LISTEN, () => answerParent({ port: server.address().port, path: '/' }))
