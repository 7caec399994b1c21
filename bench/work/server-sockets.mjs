// A part of bench/work/server-counts.mjs: how often real sockets are written to, WebSocket and TCP.
import { connect, Socket } from 'node:net'
import { createScene } from './server-scene.mjs'
import { began, ended } from './server-tally.mjs'
import { clientChunk } from './server-wire.mjs'

const HOST = '127.0.0.1'
const SUBSCRIBERS = 100
const WINDOW = 8
const TURNS = 5
const DESTINATION = '/topic/all'
const BODY = 'The quick brown fox jumps over the lazy dog.'
const CONNECT = 'CONNECT\naccept-version:1.2\nhost:bench\nlogin:someone\nheart-beat:10000,10000\n\n\0'
const SUBSCRIBE = `SUBSCRIBE\ndestination:${DESTINATION}\nid:sub-0\nreceipt:subscribed\n\n\0`
const SENDS = Array.from({ length: WINDOW }, () => `SEND\ndestination:${DESTINATION}\n\n${BODY}\0`)
const UPGRADE =
  'GET /stomp HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

/** How often something was handed over to the kernel by a server's side of a socket, in one piece or many. */
let writes = 0

for (const name of ['_write', '_writev']) {
  const original = Socket.prototype[name]
  Socket.prototype[name] = function (...args) {
    // A client's side has no server.
    if (this.server) writes++
    return original.apply(this, args)
  }
}

/** A client that has said `words` one after another, each when the one before was answered. */
async function talk(port, words) {
  const socket = connect(port, HOST).setNoDelay(true)
  const client = { socket, text: '' }
  socket.on('data', (chunk) => {
    client.text += chunk.latin1Slice()
  })
  for (const [word, answer] of words) {
    socket.write(word)
    await until(() => client.text.includes(answer))
  }
  client.text = ''
  return client
}

/** Fails by the time limit of the whole. */
async function until(isSo) {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

const bodiesIn = (text) => text.split(BODY).length - 1

/** The most writes of one turn to all subscribers together, and timers that their connections made. */
async function count(port, isWebSocket) {
  const pack = (payloads) => (isWebSocket ? clientChunk(payloads) : Buffer.from(payloads.join('')))
  const opening = [
    ...(isWebSocket ? [[UPGRADE, '\r\n\r\n']] : []),
    [pack([CONNECT]), 'CONNECTED'],
    [pack([SUBSCRIBE]), 'RECEIPT'],
  ]
  const open = () => Promise.all(Array.from({ length: SUBSCRIBERS }, () => talk(port, opening)))
  const publisher = await talk(port, opening.slice(0, -1))
  began()
  const clients = await open()
  const { timers } = ended()
  let most = 0
  for (let turn = 0; turn < TURNS; turn++) {
    writes = 0
    publisher.socket.write(pack(SENDS))
    await until(() => clients.every(({ text }) => bodiesIn(text) === WINDOW))
    most = Math.max(most, writes)
    for (const client of clients) client.text = ''
  }
  for (const { socket } of [publisher, ...clients]) socket.destroy()
  return { writes: most, timers }
}

export async function countSocketWrites() {
  const { app } = await createScene({ tcp: { port: 0, host: HOST } })
  await app.listen({ port: 0, host: HOST })
  const words = `${WINDOW} messages to ${SUBSCRIBERS} sockets`
  return {
    [`${words}, WebSocket`]: await count(app.server.address().port, true),
    [`${words}, TCP`]: await count(app.stomp.tcpAddresses[0].port, false),
  }
}
