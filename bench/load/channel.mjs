// One connection of the load client: a raw socket that shakes hands, then hears whole payloads or only counts them.
import { once } from 'node:events'
import { connect } from 'node:net'
import { clientFrame } from './client-frame.mjs'

// All sockets read into the same memory, one after another: nothing is allocated for what is only counted.
const SHARED = Buffer.allocUnsafe(65_536)
const NUL = 0

export class Channel {
  /** How many deliveries have come since the last `restart`. */
  seen = 0
  #dialect
  #socket
  #failed
  #mode = 'handshake'
  #rest = Buffer.alloc(0)
  #heard = []
  #awaiting
  #leastBytes = Number.POSITIVE_INFINITY
  #left = 0
  #isDelivery = false
  #arrived = () => {}
  #readEnd = () => {}

  /** Connects and greets. `failed(error)` is told if the connection ends or breaks the protocol, at any time. */
  static async open({ port, dialect, url, failed, ...credentials }) {
    const channel = new Channel(port, dialect, failed)
    await once(channel.#socket, 'connect')
    if (dialect.isWebSocket) await channel.#shakeHands(url, port)
    channel.#mode = 'hear'
    channel.#hearAll()
    await dialect.greet(channel, credentials)
    return channel
  }

  constructor(port, dialect, failed) {
    this.#dialect = dialect
    this.#failed = failed
    const callback = (byteLength) => {
      this.#received(byteLength)
      return true
    }
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: SHARED, callback } })
    this.#socket.on('error', (error) => failed(error))
    this.#socket.on('close', () => failed(new Error('the server has closed a connection')))
  }

  say(payload) {
    this.#socket.write(this.#dialect.isWebSocket ? clientFrame(payload) : payload)
  }

  /** Writes ready frames, all in one call of the system. */
  writeAll(frames) {
    if (frames.length > 1) this.#socket.cork()
    for (const frame of frames) this.#socket.write(frame)
    if (frames.length > 1) this.#socket.uncork()
  }

  /** The next payload. */
  hear() {
    if (this.#heard.length > 0) return Promise.resolve(this.#heard.shift())
    return new Promise((resolve) => {
      this.#awaiting = resolve
    })
  }

  /** From now on `take` gets each payload that may be a delivery; a shorter one is none. */
  check(leastBytes, take) {
    this.#mode = 'hear'
    this.#leastBytes = leastBytes
    this.#arrived = take
  }

  /** From now on deliveries are only counted; `readEnd` is called after all that one read has brought. */
  count(leastBytes, arrived, readEnd) {
    this.#leastBytes = leastBytes
    this.#arrived = arrived
    this.#readEnd = readEnd
    this.#mode = 'count'
  }

  #received(byteLength) {
    try {
      let bytes = SHARED
      let end = byteLength
      if (this.#rest.length > 0) {
        bytes = Buffer.concat([this.#rest, SHARED.subarray(0, byteLength)])
        end = bytes.length
        this.#rest = Buffer.alloc(0)
      }
      if (this.#mode === 'count') {
        const at = this.#dialect.isWebSocket ? this.#walkFrames(bytes, end) : this.#walkStream(bytes, end)
        if (at < end) this.#rest = Buffer.from(bytes.subarray(at, end))
        this.#readEnd()
        return
      }
      this.#rest = Buffer.from(bytes.subarray(0, end))
      if (this.#mode === 'hear') this.#hearAll()
      else this.#awaiting?.()
    } catch (error) {
      this.#failed(error)
    }
  }

  /** Steps from header to header; where the unread rest begins. */
  #walkFrames(bytes, end) {
    let at = 0
    for (;;) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, end - at)
        at += step
        this.#left -= step
        if (this.#left > 0) return at
        if (this.#isDelivery) this.#arrived(this)
      }
      const head = headOf(bytes, at, end)
      if (head === undefined) return at
      this.#isDelivery = head.opcode < 3 && head.byteLength >= this.#leastBytes
      // Beside deliveries there are heart-beats and control frames, all short: they are taken whole.
      if (!this.#isDelivery && end - at < head.headBytes + head.byteLength) return at
      at += head.headBytes
      this.#left = head.byteLength
      if (!this.#isDelivery) this.#takeSmall(head, bytes.subarray(at, at + head.byteLength))
    }
  }

  #walkStream(bytes, end) {
    let at = 0
    for (;;) {
      const nul = bytes.subarray(at, end).indexOf(NUL)
      if (nul === -1) break
      at += nul + 1
      this.#arrived(this)
    }
    // What is left is needed no more: the next NUL ends it.
    return end
  }

  #takeSmall({ opcode }, payload) {
    if (opcode === 8) throw new Error(`the server closes: ${payload.subarray(2)}`)
    if (opcode === 9) this.#socket.write(clientFrame(payload, 10))
    const answer = payload.length === 1 ? this.#dialect.answers?.get(payload[0]) : undefined
    if (opcode === 1 && answer !== undefined) this.say(answer)
  }

  /** Takes whole payloads out of what has come. */
  #hearAll() {
    for (;;) {
      const next = this.#dialect.isWebSocket ? this.#nextFrame() : this.#nextOfStream()
      if (next === undefined) return
      if (next.length >= this.#leastBytes) this.#arrived(this, next)
      else if (this.#awaiting !== undefined) {
        const resolve = this.#awaiting
        this.#awaiting = undefined
        resolve(next)
      } else if (this.#leastBytes === Number.POSITIVE_INFINITY) this.#heard.push(next)
    }
  }

  #nextFrame() {
    for (;;) {
      const rest = this.#rest
      const head = headOf(rest, 0, rest.length)
      if (head === undefined || rest.length < head.headBytes + head.byteLength) return
      const payload = rest.subarray(head.headBytes, head.headBytes + head.byteLength)
      this.#rest = rest.subarray(head.headBytes + head.byteLength)
      if (head.opcode === 1 || head.opcode === 2) return payload
      this.#takeSmall(head, payload)
    }
  }

  #nextOfStream() {
    const nul = this.#rest.indexOf(NUL)
    if (nul === -1) return
    const frame = this.#rest.subarray(0, nul + 1)
    this.#rest = this.#rest.subarray(nul + 1)
    return frame
  }

  async #shakeHands(url, port) {
    const { protocols } = this.#dialect
    const lines = [
      `GET ${url} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: aG9vZmJlYXQgYmVuY2htYQ==',
      ...(protocols === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocols}`]),
    ]
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    for (;;) {
      const end = this.#rest.indexOf('\r\n\r\n')
      if (end !== -1) {
        const head = this.#rest.subarray(0, end).toString()
        if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`the upgrade failed: ${head}`)
        this.#rest = this.#rest.subarray(end + 4)
        return
      }
      await new Promise((resolve) => {
        this.#awaiting = resolve
      })
      this.#awaiting = undefined
    }
  }
}

/** The head of the server's frame at `at`; undefined if it is not all there. */
function headOf(bytes, at, end) {
  if (end - at < 2) return
  const first = bytes[at]
  const length = bytes[at + 1]
  if ((first & 0xf0) !== 0x80 || length > 127) throw new Error('a frame in pieces, compressed, or masked')
  const opcode = first & 0x0f
  if (length < 126) return { opcode, headBytes: 2, byteLength: length }
  const headBytes = length === 126 ? 4 : 10
  if (end - at < headBytes) return
  const byteLength = length === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
  return { opcode, headBytes, byteLength }
}
