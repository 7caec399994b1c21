// The floor of one write for each delivery of an event stream: the chunk is built once, and goes to each socket as it is.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { answerParent } from '../measure/child.mjs'
import { LISTEN, Rooms } from './rooms.mjs'

const rooms = new Rooms()
const roomOf = ({ url }) => rooms.of(url.replace(/^\/\w+/, ''))

const server = createServer((request, response) => {
  const room = roomOf(request)
  const { socket } = response
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.flushHeaders()
  room.add(socket)
  response.on('close', () => room.delete(socket))
})

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, request) => {
  const room = roomOf(request)
  socket.on('message', (data) => {
    const event = `data: ${JSON.stringify([data.toString()])}\n\n`
    const chunk = Buffer.from(`${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`)
    for (const member of room) member.write(chunk)
  })
})

server.listen(LISTEN, () => answerParent({ port: server.address().port, path: '/' }))
