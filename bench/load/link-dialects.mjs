// How the load client speaks with what carries events: a bare server, and links (packages/sse/PROTOCOL.md).
import { SocketLink, StreamLink } from './link.mjs'
import { Poster, postText } from './poster.mjs'
import { readMessage, stompFrame, stompSession } from './stomp.mjs'

const LINK_PROTOCOL = 'v1.link.hoofbeat'
const STOMP_PROTOCOL = 'v12.stomp'
/** So many links of one address that nobody has authenticated are allowed by default, and some to spare. */
const PER_ADDRESS = 150

const OK = /^HTTP\/1\.1 200 /
const CHUNKED = /\r\ntransfer-encoding: chunked/i

async function enterStream(channel, text) {
  const head = await channel.request(text)
  if (!OK.test(head) || !CHUNKED.test(head)) throw new Error(`no stream: ${head}`)
}

/** The text of an event of one message. */
function textOfEvent(payload) {
  const [, data] = /^data: (\[.*\])\n\n$/.exec(payload.toString()) ?? []
  if (data === undefined) throw new Error(`not an event of a message: ${payload}`)
  const items = JSON.parse(data)
  if (items.length !== 1) throw new Error(`more than one message in an event: ${payload}`)
  return items[0]
}

const readEvent = (payload, details) => readMessage(textOfEvent(payload), details)

/** Bare event streams: what is published is what the others get, so it is a MESSAGE as long as those of others. */
export const events = {
  isChunked: true,
  url: ({ path, role, destination }) => `${path}${role}${destination}`,
  enter: (channel, { url }) => enterStream(channel, `GET ${url} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`),
  async greet() {},
  async subscribe() {},
  publication: (destination, body) => stompFrame('MESSAGE', messageHeaders(destination, body), body),
  read: readEvent,
}

/** Publishes by POST. */
export const posting = {
  async greet() {},
  publication: (destination, body) => postText(`/publish${destination}`, events.publication(destination, body)),
}

const messageHeaders = (destination, body) => ({
  subscription: 'sub-0',
  'message-id': '12345678-1234-1234-1234-123456789012',
  destination,
  'content-type': 'text/plain',
  'content-length': body.length,
})

const addressOf = (index) => `127.0.0.${2 + Math.floor(index / PER_ADDRESS)}`

/** A link on an event stream: one connection for it, one for its requests. */
export const linkStream = {
  isChunked: true,
  addressOf,
  async enter(channel, { path, ...details }) {
    const poster = await Poster.open(details)
    const request = { v: 1, protocols: [STOMP_PROTOCOL] }
    const opened = await new Promise((resolve) => poster.post(`${path}/open`, request, resolve))
    const down = { v: 1, key: opened.key, attach: 1, ack: 0 }
    await enterStream(channel, postText(`${path}/${opened.link}/down`, JSON.stringify(down)))
    channel.link = new StreamLink(poster, path, opened)
  },
  ...stompSession({ heartBeatMs: 0, textOf: textOfEvent }),
  read: readEvent,
}

const session = stompSession({ heartBeatMs: 0 })

/** A link on a WebSocket. */
export const linkSocket = {
  isWebSocket: true,
  addressOf,
  protocols: `${LINK_PROTOCOL}, ${STOMP_PROTOCOL}`,
  url: ({ path }) => path,
  async greet(channel, details) {
    const greeting = (await channel.hear()).toString()
    if (!greeting.startsWith('\u0001o')) throw new Error(`no greeting: ${greeting}`)
    channel.link = new SocketLink(channel, JSON.parse(greeting.slice(2)))
    await session.greet(channel, details)
  },
  subscribe: session.subscribe,
  read: readMessage,
}
