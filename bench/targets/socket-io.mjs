// Rooms of Socket.IO, on WebSockets alone.
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { answerParent } from '../measure/child.mjs'
import { LISTEN } from './rooms.mjs'

const server = createServer()
const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false, serveClient: false })

io.on('connection', (socket) => {
  socket.on('subscribe', (topic, done) => {
    socket.join(topic)
    done()
  })
  socket.on('publish', (topic, body) => io.to(topic).emit('message', body))
})

server.listen(LISTEN, () => answerParent({ port: server.address().port, path: '/' }))
