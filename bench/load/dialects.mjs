// How the load client speaks with each kind of server: where it connects, how it greets and subscribes, what a publication
// looks like, and how a delivery is read when it is checked. A delivery that is only counted is never decoded.

const HEART_BEAT_MS = 10_000

function stompFrame(command, headers, body = '') {
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : `${name}:${value}\n`))
  return `${command}\n${lines.join('')}\n${body}\0`
}

/** Reads one whole frame, with line ends around it as the standard allows; these headers need no unescaping. */
function readStomp(payload) {
  const text = payload.toString().replace(/^\n+/, '').replace(/\n+$/, '')
  const end = text.indexOf('\n\n')
  if (end === -1 || text.at(-1) !== '\0') throw new Error(`not one whole STOMP frame: ${JSON.stringify(text)}`)
  const [command, ...lines] = text.slice(0, end).split('\n')
  const headers = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon)] ??= line.slice(colon + 1)
  }
  return { command, headers, body: text.slice(end + 2, -1) }
}

async function hearStomp(channel, command) {
  for (;;) {
    const payload = await channel.hear()
    if (payload.toString().trim() === '') continue
    const frame = readStomp(payload)
    if (frame.command !== command) throw new Error(`${command} was due, not ${JSON.stringify(payload.toString())}`)
    return frame
  }
}

const stomp = {
  isWebSocket: true,
  protocols: 'v12.stomp',
  url: ({ path }) => path,
  /** Both sides beat: so do real clients. */
  beat: '\n',
  beatMs: HEART_BEAT_MS * 0.8,
  async greet(channel, { login, passcode, host = '127.0.0.1' }) {
    const heartBeat = `${HEART_BEAT_MS},${HEART_BEAT_MS}`
    channel.say(stompFrame('CONNECT', { 'accept-version': '1.2', host, login, passcode, 'heart-beat': heartBeat }))
    await hearStomp(channel, 'CONNECTED')
  },
  async subscribe(channel, destination, id, { hasReceipts = true }) {
    const receipt = hasReceipts ? 'subscribed' : undefined
    channel.say(stompFrame('SUBSCRIBE', { id, destination, ack: 'auto', receipt }))
    if (hasReceipts) await hearStomp(channel, 'RECEIPT')
  },
  publication: (destination, body) =>
    stompFrame('SEND', { destination, 'content-type': 'text/plain', 'content-length': body.length }, body),
  /** The body of a delivery; throws if it is not the one for this subscription. */
  read(payload, { destination, id, hasMessageIds = true }) {
    const { command, headers, body } = readStomp(payload)
    if (command !== 'MESSAGE') throw new Error(`not a MESSAGE: ${payload}`)
    if (headers.subscription !== id) throw new Error(`subscription ${headers.subscription} instead of ${id}`)
    if (headers.destination !== destination) throw new Error(`destination ${headers.destination}`)
    if (hasMessageIds && headers['message-id'] === undefined) throw new Error('a MESSAGE without message-id')
    return body
  },
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

export const DIALECTS = { stomp, 'stomp-tcp': { ...stomp, isWebSocket: false }, ws: plain, socketio }
