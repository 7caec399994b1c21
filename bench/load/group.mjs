// One destination, its publisher and its subscribers: who publishes when, and what has arrived where.
import { bodyOf, Publication } from './client-frame.mjs'

/** How many messages may be under way at most. */
const RING = 1_024

export class Group {
  published = 0
  completed = 0
  /** How often something was read: with how many deliveries at a time tells how many the server wrote at a time. */
  reads = 0
  /** Since the run began, in ms, one for each delivery; undefined: not wanted. */
  latencies
  #dialect
  #details
  #publisher
  #subscribers
  #publication
  #arrivals = new Uint32Array(RING)
  #sentAt = new Float64Array(RING)
  #window = 0
  #endAt = 0
  #done

  /** `details`: destination, payloadBytes, and what `read` of the dialect needs; `ids`: each subscriber's subscription. */
  constructor(dialect, publisher, subscribers, details) {
    this.#dialect = dialect
    this.#details = details
    this.#publisher = publisher
    this.#subscribers = subscribers
    const { destination, payloadBytes } = details
    const { publication, isWebSocket } = dialect.publisher ?? dialect
    this.#publication = new Publication(publication(destination, bodyOf(0, payloadBytes)), isWebSocket)
  }

  /** Publishes some messages and compares every delivery: content, order, number. Resolves, or throws what is wrong. */
  async check(messages) {
    const { payloadBytes, ids } = this.#details
    await new Promise((resolve, reject) => {
      let missing = messages * this.#subscribers.length
      for (const [index, subscriber] of this.#subscribers.entries()) {
        subscriber.seen = 0
        const details = { ...this.#details, id: ids[index] }
        subscriber.check(payloadBytes, (channel, payload) => {
          try {
            const body = this.#dialect.read(payload, details)
            const expected = bodyOf(channel.seen++, payloadBytes)
            if (body !== expected) throw new Error(`'${body}' was delivered instead of '${expected}'`)
            if (--missing === 0) resolve()
          } catch (error) {
            reject(error)
          }
        })
      }
      for (let number = 0; number < messages; number++) this.#publisher.writeAll([this.#publication.frame(number)])
    })
    this.published = messages
    this.completed = messages
    const arrived = (channel) => this.#arrived(channel)
    const readEnd = () => {
      this.reads++
      this.#publishDue()
    }
    for (const subscriber of this.#subscribers) subscriber.count(payloadBytes, arrived, readEnd)
  }

  /**
   * Closed loop: keeps `window` messages under way until `endAt`: the next one is published when all deliveries of the
   * one `window` before have arrived; what is due after one read leaves in one write. Resolves when all have arrived.
   */
  closedLoop(window, endAt) {
    this.#window = window
    this.#endAt = endAt
    const done = new Promise((resolve) => {
      this.#done = resolve
    })
    this.#publishDue()
    return done
  }

  /** Open loop: one message every `intervalMs` until `endAt`, whatever has arrived. */
  openLoop(intervalMs, endAt) {
    this.#window = 0
    this.#endAt = Number.POSITIVE_INFINITY
    return new Promise((resolve) => {
      this.#done = resolve
      let next = performance.now()
      // All may have arrived by then, so that no read shows the end. Timers may be early: it is now that the time is over.
      const end = () => {
        this.#endAt = 0
        this.#publishDue()
      }
      const tick = () => {
        this.#publish(1)
        next += intervalMs
        if (next < endAt) setTimeout(tick, next - performance.now())
        else setTimeout(end, endAt - performance.now())
      }
      tick()
    })
  }

  #publishDue() {
    if (this.#done === undefined) return
    const isOver = performance.now() >= this.#endAt
    const due = isOver ? 0 : this.#window - (this.published - this.completed)
    if (due > 0) this.#publish(due)
    if (!isOver || this.completed < this.published) return
    const done = this.#done
    this.#done = undefined
    done()
  }

  #publish(count) {
    const frames = []
    const now = performance.now()
    for (let i = 0; i < count; i++) {
      if (this.published - this.completed >= RING) throw new Error('the server falls behind by a thousand messages')
      this.#sentAt[this.published % RING] = now
      frames.push(this.#publication.frame(this.published++))
    }
    this.#publisher.writeAll(frames)
  }

  #arrived(channel) {
    const number = channel.seen++
    if (number >= this.published) throw new Error('more was delivered than was published')
    const slot = number % RING
    this.latencies?.push(performance.now() - this.#sentAt[slot])
    if (++this.#arrivals[slot] < this.#subscribers.length) return
    this.#arrivals[slot] = 0
    this.completed++
  }
}
