// Many connections in a process of its own, each a raw socket that reads no more than it must.
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { answerParent } from '../measure/child.mjs'

const AT_A_TIME = 100
/** An address of a client has fewer than 30,000 ports, and the more are taken the longer the system seeks a free one. */
const PER_ADDRESS = 1_000
const EMPTY = Buffer.alloc(0)

/** What a connection says once it is open, and the messages it waits for, each with the answer. */
const DIALECTS = {
  none: () => ({ first: undefined, steps: [] }),
  stomp: ({ heartBeat = '0,0', login, passcode }) => ({
    first: `CONNECT\naccept-version:1.2\nhost:bench\nheart-beat:${heartBeat}\n${line('login', login)}${line('passcode', passcode)}\n\0`,
    steps: [
      ['CONNECTED\n', 'SUBSCRIBE\nid:sub-0\ndestination:/topic/all\nreceipt:1\n\n\0'],
      ['RECEIPT\n', undefined],
    ],
  }),
  'socket.io': () => ({
    first: undefined,
    steps: [
      ['0{', '40'],
      ['40{', '420["join"]'],
      ['430[', undefined],
    ],
  }),
}

function line(name, value) {
  return value ? `${name}:${value}\n` : ''
}

/** A text message of a client. Its mask is of zeros, which leaves the text as it is. */
function textFrame(text) {
  const length = Buffer.byteLength(text)
  const head = length < 126 ? [0x81, 0x80 | length] : [0x81, 0xfe, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), Buffer.from(text)])
}

/** Calls `take` with the payload of each whole message of a server; gives back the bytes of one that is not whole. */
function eachMessage(bytes, take) {
  let at = 0
  while (at + 4 <= bytes.length || (at + 2 <= bytes.length && bytes[at + 1] < 126)) {
    const isShort = bytes[at + 1] < 126
    const begin = at + (isShort ? 2 : 4)
    const end = begin + (isShort ? bytes[at + 1] : bytes.readUInt16BE(at + 2))
    if (end > bytes.length) break
    take(bytes.subarray(begin, end))
    at = end
  }
  return Buffer.from(bytes.subarray(at))
}

/** One connection; resolves when it is subscribed. What arrives later is counted. */
function open({ port, path, dialect, localAddress, ...details }) {
  const { first, steps } = DIALECTS[dialect](details)
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true, onread: { buffer: room, callback } })
    const connection = { socket, messages: 0, beats: 0, lastMs: 0 }
    let rest = EMPTY
    let step = -1
    const fail = (error) => reject(error ?? new Error(`closed at step ${step} of ${dialect}`))
    socket.once('error', fail).once('close', () => fail())
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: bench:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    )

    function callback(length, buffer) {
      const chunk = buffer.subarray(0, length)
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      if (step < 0 && !upgraded()) return true
      rest = eachMessage(rest, message)
      return true
    }

    function upgraded() {
      const end = rest.indexOf('\r\n\r\n')
      if (end < 0) {
        rest = Buffer.from(rest)
        return false
      }
      if (rest.indexOf('HTTP/1.1 101') !== 0) fail(new Error(rest.toString('latin1')))
      rest = rest.subarray(end + 4)
      if (first !== undefined) socket.write(textFrame(first))
      advance()
      return true
    }

    function advance() {
      if (++step === steps.length) resolve(connection)
    }

    function message(payload) {
      if (payload.length === 1) {
        connection.beats++
        // A ping of engine.io, which wants its answer.
        if (payload[0] === 0x32) socket.write(textFrame('3'))
      } else if (step < steps.length) {
        const [expected, answer] = steps[step]
        if (payload.indexOf(expected) !== 0) return fail(new Error(payload.toString()))
        if (answer !== undefined) socket.write(textFrame(answer))
        advance()
      } else {
        connection.messages++
        connection.lastMs = performance.timeOrigin + performance.now()
      }
    }
  })
}

/** Read into by all sockets: what is kept of it is copied. */
const room = Buffer.allocUnsafe(65_536)
const connections = []
const beatTimers = []
const leastOf = (name) => connections.reduce((least, one) => Math.min(least, one[name]), Number.POSITIVE_INFINITY)

answerParent(
  {},
  {
    async open({ count, addresses, loginPrefix, login, ...details }) {
      let next = 0
      const opener = async () => {
        while (next < count) {
          const i = next++
          const localAddress = `127.0.0.${addresses + Math.floor(i / PER_ADDRESS)}`
          connections.push(await open({ ...details, localAddress, login: loginPrefix ? `${loginPrefix}${i}` : login }))
        }
      }
      await Promise.all(Array.from({ length: AT_A_TIME }, opener))
    },

    /** From now on every connection sends a heart-beat in each interval, not all at once. */
    beat(everyMs) {
      const slices = 20
      const heartBeat = textFrame('\n')
      let slice = 0
      const timer = setInterval(() => {
        for (let i = slice; i < connections.length; i += slices) connections[i].socket.write(heartBeat)
        slice = (slice + 1) % slices
      }, everyMs / slices)
      beatTimers.push(timer)
    },

    /** The first connection sends `text`; answers when. */
    publish(text) {
      connections[0].socket.write(textFrame(text))
      return performance.timeOrigin + performance.now()
    },

    /** Answers when the last of all connections has had its `count`th message. */
    async received(count) {
      while (leastOf('messages') < count) await wait(5)
      return connections.reduce((last, { lastMs }) => Math.max(last, lastMs), 0)
    },

    /** The fewest heart-beats that any connection has seen, and whether all are open. */
    state: () => ({
      beats: leastOf('beats'),
      open: connections.filter(({ socket }) => !socket.closed && !socket.destroyed).length,
    }),

    close() {
      for (const timer of beatTimers) clearInterval(timer)
      for (const { socket } of connections) socket.destroy()
      connections.length = 0
    },
  },
)
