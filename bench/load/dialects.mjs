// How the load client speaks with each kind of server: where it connects, how it greets and subscribes, what a publication
// looks like, and how a delivery is read when it is checked. A delivery that is only counted is never decoded.

import { events, linkSocket, linkStream, posting } from './link-dialects.mjs'
import { readMessage, stompFrame, stompSession } from './stomp.mjs'

const HEART_BEAT_MS = 10_000

const stomp = {
  isWebSocket: true,
  protocols: 'v12.stomp',
  url: ({ path }) => path,
  /** Both sides beat: so do real clients. */
  beat: '\n',
  beatMs: HEART_BEAT_MS * 0.8,
  ...stompSession({ heartBeatMs: HEART_BEAT_MS }),
  publication: (destination, body) =>
    stompFrame('SEND', { destination, 'content-type': 'text/plain', 'content-length': body.length }, body),
  read: readMessage,
}

/** The path says who one is and of what; a message is the payload. */
const plain = {
  isWebSocket: true,
  url: ({ path, role, destination }) => `${path}${role}/${destination}`,
  async greet() {},
  // The server has put the socket into its list before it answered, or does so in the turn in which it answers.
  async subscribe() {},
  publication: (_destination, body) => body,
  read: (payload) => payload.toString(),
}

async function hearSocketIo(channel, start) {
  for (;;) {
    const text = (await channel.hear()).toString()
    if (text === '2') channel.say('3')
    else if (text.startsWith(start)) return
    else throw new Error(`${start} was due, not ${text}`)
  }
}

/** Engine.IO 4 on a WebSocket from the start; its packets are written out by hand. */
const socketio = {
  isWebSocket: true,
  url: () => '/socket.io/?EIO=4&transport=websocket',
  answers: new Map([[0x32, '3']]),
  async greet(channel) {
    await hearSocketIo(channel, '0{')
    channel.say('40')
    await hearSocketIo(channel, '40{')
  },
  async subscribe(channel, destination) {
    channel.say(`420${JSON.stringify(['subscribe', destination])}`)
    await hearSocketIo(channel, '430[')
  },
  publication: (destination, body) => `42${JSON.stringify(['publish', destination, body])}`,
  read(payload) {
    const text = payload.toString()
    if (!text.startsWith('42')) throw new Error(`not an event: ${text}`)
    const [event, body] = JSON.parse(text.slice(2))
    if (event !== 'message') throw new Error(`event ${event}`)
    return body
  },
}

/** Those of links have a `publisher`, who speaks another: what is measured is the way to the subscribers. */
export const DIALECTS = {
  stomp,
  'stomp-tcp': { ...stomp, isWebSocket: false },
  ws: plain,
  socketio,
  events: { ...events, publisher: posting },
  'events-ws': { ...events, publisher: { ...plain, url: events.url, publication: events.publication } },
  'link-stream': { ...linkStream, publisher: stomp },
  'link-socket': { ...linkSocket, publisher: stomp },
}
