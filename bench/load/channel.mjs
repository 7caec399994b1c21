// One connection of the load client: a raw socket that shakes hands, then hears whole payloads or only counts them.
import { once } from 'node:events'
import { connect } from 'node:net'
import { clientFrame } from './client-frame.mjs'
import { headOfChunk, headOfFrame } from './framing.mjs'

// All sockets read into the same memory, one after another: nothing is allocated for what is only counted.
const SHARED = Buffer.allocUnsafe(65_536)
const NUL = 0

export class Channel {
  /** How many deliveries have come since the last `restart`. */
  seen = 0
  /** The link that is carried, if it is one; see link.mjs. */
  link
  #dialect
  /** Undefined: a bare stream, in which NUL ends each message. */
  #headOf
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
  static async open({ port, dialect, url, failed, ...details }) {
    const channel = new Channel(port, dialect, details.localAddress, failed)
    await once(channel.#socket, 'connect')
    if (dialect.isWebSocket) await channel.#shakeHands(url, port)
    else await dialect.enter?.(channel, { port, url, failed, ...details })
    channel.#mode = 'hear'
    channel.#hearAll()
    await dialect.greet(channel, details)
    return channel
  }

  constructor(port, dialect, localAddress, failed) {
    this.#dialect = dialect
    this.#failed = failed
    if (dialect.isWebSocket) this.#headOf = headOfFrame
    else if (dialect.isChunked) this.#headOf = headOfChunk
    const callback = (byteLength) => {
      this.#received(byteLength)
      return true
    }
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      localAddress,
      noDelay: true,
      onread: { buffer: SHARED, callback },
    })
    this.#socket.on('error', (error) => failed(error))
    this.#socket.on('close', () => failed(new Error('the server has closed a connection')))
  }

  say(payload) {
    if (this.link !== undefined) this.link.say(payload)
    else this.#socket.write(this.#dialect.isWebSocket ? clientFrame(payload) : payload)
  }

  /** Says that it lives, where the dialect wants that. */
  beat() {
    if (this.#dialect.beat !== undefined) this.say(this.#dialect.beat)
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
        const at = this.#headOf === undefined ? this.#walkStream(bytes, end) : this.#walkMessages(bytes, end)
        if (at < end) this.#rest = Buffer.from(bytes.subarray(at, end))
        this.link?.readEnd()
        this.#readEnd()
        return
      }
      this.#rest = Buffer.from(bytes.subarray(0, end))
      if (this.#mode === 'hear') {
        this.#hearAll()
        this.link?.readEnd()
      } else this.#awaiting?.()
    } catch (error) {
      this.#failed(error)
    }
  }

  /** Steps from head to head; where the unread rest begins. */
  #walkMessages(bytes, end) {
    let at = 0
    for (;;) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, end - at)
        at += step
        this.#left -= step
        if (this.#left > 0) return at
        if (this.#isDelivery) this.#arrived(this)
      }
      const head = this.#headOf(bytes, at, end)
      if (head === undefined) return at
      const { headBytes, byteLength, tailBytes } = head
      this.#isDelivery = head.opcode < 3 && byteLength >= this.#leastBytes
      // Beside deliveries there are heart-beats and control frames, all short: they are taken whole.
      if (!this.#isDelivery && end - at < headBytes + byteLength + tailBytes) return at
      at += headBytes
      this.#left = byteLength + tailBytes
      if (this.#isDelivery) this.link?.took(byteLength)
      else this.#takeSmall(head, bytes.subarray(at, at + byteLength))
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
    if (opcode < 3) this.link?.take(payload)
    const answer = payload.length === 1 ? this.#dialect.answers?.get(payload[0]) : undefined
    if (opcode === 1 && answer !== undefined) this.say(answer)
  }

  /** Takes whole payloads out of what has come. */
  #hearAll() {
    for (;;) {
      const next = this.#headOf === undefined ? this.#nextOfStream() : this.#nextMessage()
      if (next === undefined) return
      if (this.link?.take(next) === false) continue
      if (next.length >= this.#leastBytes) this.#arrived(this, next)
      else if (this.#awaiting !== undefined) {
        const resolve = this.#awaiting
        this.#awaiting = undefined
        resolve(next)
      } else if (this.#leastBytes === Number.POSITIVE_INFINITY) this.#heard.push(next)
    }
  }

  #nextMessage() {
    for (;;) {
      const rest = this.#rest
      const head = this.#headOf(rest, 0, rest.length)
      if (head === undefined) return
      const { opcode, headBytes, byteLength, tailBytes } = head
      const end = headBytes + byteLength + tailBytes
      if (rest.length < end) return
      const payload = rest.subarray(headBytes, headBytes + byteLength)
      this.#rest = rest.subarray(end)
      if (opcode === 1 || opcode === 2) return payload
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
    const head = await this.request(`${lines.join('\r\n')}\r\n\r\n`)
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`the upgrade failed: ${head}`)
  }

  /** Writes a request of HTTP; the head of its answer. What comes behind it is for those who hear. */
  async request(text) {
    this.#socket.write(text)
    for (;;) {
      const end = this.#rest.indexOf('\r\n\r\n')
      if (end !== -1) {
        const head = this.#rest.subarray(0, end).toString()
        this.#rest = this.#rest.subarray(end + 4)
        return head
      }
      await new Promise((resolve) => {
        this.#awaiting = resolve
      })
      this.#awaiting = undefined
    }
  }
}
