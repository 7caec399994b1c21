// What one writes first for event streams: `res.write` of the same event to everybody in a room.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { answerParent } from '../measure/child.mjs'
import { LISTEN, Rooms } from './rooms.mjs'

const rooms = new Rooms()
const roomOf = ({ url }) => rooms.of(url.replace(/^\/\w+/, ''))

function publish(room, text) {
  const event = `data: ${JSON.stringify([text])}\n\n`
  for (const member of room) member.write(event)
}

function subscribe(room, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.flushHeaders()
  room.add(response)
  response.on('close', () => room.delete(response))
}

const server = createServer((request, response) => {
  if (request.method === 'GET') return subscribe(roomOf(request), response)
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (part) => {
    text += part
  })
  request.on('end', () => {
    publish(roomOf(request), text)
    response.writeHead(204).end()
  })
})
// The publisher rests while others are measured.
server.keepAliveTimeout = 0

// By POST each publication has a turn of its own, as those of many publishers have. What one WebSocket brings in one read
// is handled in one turn, in which Node holds back what is written to a response, and writes it at once.
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, request) => {
  const room = roomOf(request)
  socket.on('message', (data) => publish(room, data.toString()))
})

server.listen(LISTEN, () => answerParent({ port: server.address().port, path: '/' }))
