// A link of the load client: it counts what comes down, and acknowledges when a client has to, no earlier and no later
// (packages/sse/PROTOCOL.md, section 7).
import { clientFrame } from './client-frame.mjs'

const WORD_MS = 15_000
const SILENCE_MS = 25_000
const MARK = 1
const LETTER_E = 0x65

/** Clients have come at different times, so each link begins at another point of its interval. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2
let made = 0

class Link {
  /** Highest message received. */
  received = 0
  #leastBytes
  #unackedBytes = 0
  #lastWordMs = performance.now() - WORD_MS * ((made++ * GOLDEN_RATIO) % 1)

  constructor({ limits }) {
    this.#leastBytes = limits.retain / 4
  }

  /** So long nothing came, since others were measured: as if that time had not been. */
  rested(ms) {
    this.#lastWordMs += ms
  }

  /** A message came. */
  took(byteLength) {
    this.received++
    this.#unackedBytes += byteLength
  }

  /** What came, whole: false if it is not a message, but a word of the protocol. */
  take(payload) {
    const letter = this.letterOf(payload)
    if (letter === undefined) {
      this.took(payload.length)
      return true
    }
    if (letter === 'c' || letter === 'e') throw new Error(`the link has ended: ${payload}`)
    const isSilent = performance.now() - this.#lastWordMs >= SILENCE_MS
    if (letter === 'k' && (this.#unackedBytes > 0 || isSilent)) this.#acknowledge()
    return false
  }

  /** Behind all that was read at once. */
  readEnd() {
    if (this.#unackedBytes === 0) return
    if (this.#unackedBytes >= this.#leastBytes || performance.now() - this.#lastWordMs >= WORD_MS) this.#acknowledge()
  }

  #acknowledge() {
    if (!this.acknowledge()) return
    this.#unackedBytes = 0
    this.#lastWordMs = performance.now()
  }
}

/** On a WebSocket. */
export class SocketLink extends Link {
  #channel
  #sent = 0

  constructor(channel, opened) {
    super(opened)
    this.#channel = channel
    this.#control('s', { seq: 1 })
  }

  letterOf(payload) {
    return payload[0] === MARK && payload[1] !== MARK ? String.fromCharCode(payload[1]) : undefined
  }

  say(text) {
    this.#sent++
    this.#channel.writeAll([clientFrame(text)])
  }

  acknowledge() {
    this.#control('k', { ack: this.received, sent: this.#sent })
    return true
  }

  #control(letter, data) {
    this.#channel.writeAll([clientFrame(`\u0001${letter}${JSON.stringify(data)}`)])
  }
}

/** On an event stream: what is said goes up by requests, one at a time. */
export class StreamLink extends Link {
  #poster
  #path
  #key
  #seq = 1
  #items = []
  #isPosting = false

  constructor(poster, path, opened) {
    super(opened)
    this.#poster = poster
    this.#path = `${path}/${opened.link}/up`
    this.#key = opened.key
  }

  letterOf(payload) {
    return payload[0] === LETTER_E ? String.fromCharCode(payload['event: '.length]) : undefined
  }

  say(text) {
    this.#items.push(text)
    this.acknowledge()
  }

  /** False: a request is under way, and the next one tells. */
  acknowledge() {
    if (this.#isPosting) return false
    this.#isPosting = true
    const items = this.#items
    this.#items = []
    const seq = this.#seq
    this.#seq += items.length
    this.#poster.post(this.#path, { v: 1, key: this.#key, seq, ack: this.received, items }, ({ ack }) => {
      if (ack !== this.#seq - 1) throw new Error(`${ack} was acknowledged of ${this.#seq - 1}`)
      this.#isPosting = false
      if (this.#items.length > 0) this.acknowledge()
    })
    return true
  }
}
