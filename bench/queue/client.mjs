// Publishers and consumers of one queue on raw TCP sockets, in a process of its own.
import { once } from 'node:events'
import { connect } from 'node:net'
import { answerParent } from '../measure/child.mjs'

const BODY_BYTES = 300
const DIGITS = 10
/** The most that one publisher writes at once. */
const BATCH = 64
/** Without anything new for so long a run has failed. */
const STALL_MS = 20_000
const EMPTY = Buffer.alloc(0)

const bodyOf = (number) => `${number}`.padStart(DIGITS, '0').padEnd(BODY_BYTES, 'x')

let details
let publishers = []
let consumers = []
let published = 0
let receipted = 0
let delivered = 0
/** Publish no more than so many, and not after so long. */
let limit = 0
let endMs = 0
let failed = () => {}
/** Told after each read. */
let progressed = () => {}

/** A connection that is greeted; `take` gets the bytes read, up to the end of the last whole frame. */
async function open(take) {
  const { port, login, passcode, host = 'bench' } = details
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  socket
    .on('error', (error) => failed(error))
    .on('close', () => failed(new Error('the server has closed a connection')))
  socket.write(`CONNECT\naccept-version:1.2\nhost:${host}\nlogin:${login}\npasscode:${passcode}\nheart-beat:0,0\n\n\0`)
  const [connected] = await once(socket, 'data')
  if (!connected.includes('CONNECTED')) throw new Error(`${connected}`)
  const connection = { socket, unreceipted: 0 }
  let rest = EMPTY
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const end = bytes.lastIndexOf(0) + 1
    rest = end === bytes.length ? EMPTY : bytes.subarray(end)
    try {
      take(connection, bytes, end)
      progressed()
    } catch (error) {
      failed(error)
    }
  })
  return connection
}

/** Publishers are sent receipts, and nothing else. */
function takeReceipts(publisher, bytes, end) {
  for (let at = 0; at < end; at = bytes.indexOf(0, at) + 1) {
    // Some servers put a line feed between two frames.
    const begin = bytes.indexOf('RECEIPT', at)
    if (begin !== at && begin !== at + 1) throw new Error(bytes.toString('latin1', at, end))
    publisher.unreceipted--
    receipted++
  }
}

/** Acknowledges each message; the ACKs for all that one read has brought leave in one write. */
function takeMessages(consumer, bytes, end, seen = () => {}) {
  let acks = ''
  for (let at = 0; at < end; ) {
    const nul = bytes.indexOf(0, at)
    const ack = bytes.indexOf('\nack:', at) + 5
    if (ack === 4 || ack > nul) throw new Error(bytes.toString('latin1', at, nul))
    acks += `ACK\nid:${bytes.latin1Slice(ack, bytes.indexOf(10, ack))}\n\n\0`
    delivered++
    seen(bytes, at, nul)
    at = nul + 1
  }
  consumer.socket.write(acks)
}

const sendHead = () => {
  const { destination, isPersistent } = details
  // The same receipt for all: they are only counted.
  return `SEND\ndestination:${destination}\n${isPersistent ? 'persistent:true\nreceipt:r\n' : ''}content-length:${BODY_BYTES}\n\n`
}

let batch = EMPTY

/** Publishes what the bounds allow, and each publisher's part in one write. */
function publishDue() {
  const { window, mostUnderWay, isPersistent } = details
  if (performance.now() >= endMs) limit = published
  for (const publisher of publishers) {
    const underWay = consumers.length > 0 ? published - delivered : 0
    const room = isPersistent ? window - publisher.unreceipted : window
    const count = Math.min(BATCH, room, mostUnderWay - underWay, limit - published)
    if (count <= 0) continue
    publisher.socket.write(batch.subarray(0, count * (batch.length / BATCH)))
    if (isPersistent) publisher.unreceipted += count
    published += count
  }
}

/** Runs until `isDone`; publishes as long as the bounds allow. */
function run(isDone) {
  let watch
  const usage = process.cpuUsage()
  const beganMs = performance.now()
  return new Promise((resolve, reject) => {
    failed = reject
    let before = -1
    watch = setInterval(() => {
      const now = receipted + delivered
      if (now === before)
        reject(new Error(`${published} published, ${receipted} receipted, ${delivered} delivered: no more`))
      before = now
    }, STALL_MS)
    progressed = () => {
      publishDue()
      if (isDone()) resolve()
    }
    progressed()
  })
    .then(() => {
      const { user, system } = process.cpuUsage(usage)
      return { elapsedMs: performance.now() - beganMs, clientCpuMs: (user + system) / 1_000 }
    })
    .finally(() => {
      clearInterval(watch)
      progressed = () => {}
    })
}

const allTaken = () => delivered === published && (!details.isPersistent || receipted === published)

async function subscribe(seen) {
  consumers = await Promise.all(
    Array.from({ length: details.consumers }, () =>
      open((consumer, bytes, end) => takeMessages(consumer, bytes, end, seen)),
    ),
  )
  for (const { socket } of consumers) {
    socket.write(
      `SUBSCRIBE\nid:c\ndestination:${details.destination}\nack:client-individual\nprefetch-count:${details.prefetch}\n\n\0`,
    )
  }
}

answerParent(
  {},
  {
    async open(given) {
      details = given
      publishers = await Promise.all(Array.from({ length: details.publishers }, () => open(takeReceipts)))
      const frame = `${sendHead()}${bodyOf(0)}\0`
      batch = Buffer.from(frame.repeat(BATCH))
    },

    /** Subscribes and sends numbered messages, more than prefetch lets through without ACKs: each comes once, and whole. */
    async check(count) {
      const missing = new Set(Array.from({ length: count }, (_, number) => bodyOf(number)))
      await subscribe((bytes, at, nul) => {
        if (missing.size === 0) return
        const body = bytes.latin1Slice(nul - BODY_BYTES, nul)
        if (!missing.delete(body)) throw new Error(`came twice, or in parts: ${bytes.latin1Slice(at, nul)}`)
      })
      for (let number = 0; number < count; number++) {
        const publisher = publishers[number % publishers.length]
        publisher.socket.write(`${sendHead()}${bodyOf(number)}\0`)
        if (details.isPersistent) publisher.unreceipted++
      }
      published = count
      limit = count
      await run(() => missing.size === 0 && allTaken())
    },

    /** Publishers and consumers at the same time, for a while; then until nothing is under way. */
    async flow(durationMs) {
      const before = published
      limit = Number.POSITIVE_INFINITY
      endMs = performance.now() + durationMs
      const figures = await run(() => performance.now() >= endMs && allTaken())
      return { messages: published - before, ...figures }
    },

    /** Publishes while nobody consumes, until all is receipted. */
    async fill(count) {
      limit = published + count
      endMs = Number.POSITIVE_INFINITY
      return { messages: count, ...(await run(() => receipted === limit)) }
    },

    /** Consumers come, and take all that waits. */
    async drain() {
      const count = published - delivered
      const done = run(() => delivered === published)
      await subscribe()
      return { messages: count, ...(await done) }
    },
  },
)
