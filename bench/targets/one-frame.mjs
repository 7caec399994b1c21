// The floor of one write for each delivery: the frame is built once, and goes to each socket as it is.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { answerParent } from '../measure/child.mjs'
import { LISTEN, Rooms, readPath } from './rooms.mjs'

const server = createServer()
const rooms = new Rooms()

/** RFC 6455, section 5.2: a text frame in one piece, of 126 to 65535 bytes. */
function frameOf(payload) {
  if (payload.length < 126 || payload.length > 65_535) throw new Error('this floor is made for middling messages')
  const frame = Buffer.allocUnsafe(4 + payload.length)
  frame[0] = 0x81
  frame[1] = 126
  frame.writeUInt16BE(payload.length, 2)
  payload.copy(frame, 4)
  return frame
}

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, request) => {
  const { role, topic } = readPath(request.url)
  const room = rooms.of(topic)
  if (role === 'subscribe') {
    room.add(request.socket)
    socket.on('close', () => room.delete(request.socket))
    return
  }
  socket.on('message', (data) => {
    const frame = frameOf(data)
    for (const member of room) member.write(frame)
  })
})

server.listen(LISTEN, () => answerParent({ port: server.address().port, path: '/' }))
