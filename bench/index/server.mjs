// The whole server with many subscriptions, in a process of its own: node server.mjs <exact> <wildcard>. Sessions are
// linked within the process, so that no socket's cost is in the figures.

import { setTimeout as wait } from 'node:timers/promises'
import { embeddedBroker, hoofbeat } from '@hoofbeat/server'
import { linkConnection } from '@hoofbeat/server/testing'
import fastify from 'fastify'
import { answerParent } from '../measure/child.mjs'

const [exactCount, wildcardCount] = process.argv.slice(2).map(Number)
const SESSIONS = 100
const BODY = 'x'.repeat(300)
/** So many publications leave in one turn of the event loop. */
const BATCH = 100
const SWEEP_MS = 150

const roomOf = (i) => `/topic/room/${i}/chat`
const areaOf = (i) => `/topic/area/${i}`
/** Patterns of both kinds, in the midst of the name and at its end. */
const patternOf = (i) => (i % 2 === 0 ? `${areaOf(i)}/*/news` : `${areaOf(i)}/**`)

/** What is published, and how many deliveries each publication makes. */
const CASES = {
  'nobody has subscribed': { destination: (random) => `/topic/room/${random(1_000)}/empty`, deliveries: 0 },
  'always the same exact one': { destination: () => roomOf(7), deliveries: 1 },
  'always the same wildcard one': { destination: () => `${areaOf(8)}/north/news`, deliveries: 1 },
  'any exact one': { destination: (random) => roomOf(random(exactCount)), deliveries: 1 },
  'any wildcard one': { destination: (random) => `${areaOf(random(wildcardCount))}/north/news`, deliveries: 1 },
}

const app = fastify()
await app.register(hoofbeat, {
  broker: embeddedBroker({ maxDestinations: 2 * (exactCount + wildcardCount) }),
  allow: { subscribe: ['/topic/**'] },
  limits: { maxSubscriptions: exactCount + wildcardCount },
  heartBeat: { sendMs: 0, receiveMs: 0 },
})
await app.ready()

const turn = () => new Promise((resolve) => setImmediate(resolve))
/** Ends of frames, whichever they are: no body has a NUL. */
let frames = 0

function openSession() {
  const link = linkConnection({
    bytes(data) {
      for (let at = data.indexOf(0); at !== -1; at = data.indexOf(0, at + 1)) frames++
    },
    closed: (code, reason) => {
      throw new Error(`a session was closed: ${code} ${reason}`)
    },
  })
  app.getDecorator(Symbol.for('@hoofbeat/server accept'))(link.connection)
  link.send('CONNECT\naccept-version:1.2\nhost:bench\n\n\0')
  return link
}

async function until(expected) {
  while (frames < expected) await turn()
  if (frames > expected) throw new Error(`${frames} frames came instead of ${expected}`)
  frames = 0
}

const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

const links = Array.from({ length: SESSIONS }, openSession)
await until(SESSIONS)
const subscribeBeganMs = cpuMs()
for (let i = 0; i < exactCount + wildcardCount; i++) {
  const destination = i < exactCount ? roomOf(i) : patternOf(i - exactCount)
  links[i % SESSIONS].send(`SUBSCRIBE\nid:${i}\ndestination:${destination}\nreceipt:${i}\n\n\0`)
  if (i % BATCH === 0) await turn()
}
await until(exactCount + wildcardCount)
const subscribeMicros = (1_000 * (cpuMs() - subscribeBeganMs)) / (exactCount + wildcardCount)

/** The same destinations in every round, none of them twice in a row. */
function createRandom() {
  let state = 1
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

answerParent(
  { subscribeMicros, cases: Object.keys(CASES) },
  {
    /** Processor time of one publication, in microseconds. */
    async publish({ name, count }) {
      const { destination, deliveries } = CASES[name]
      const random = createRandom()
      const destinations = Array.from({ length: count }, () => destination(random))
      // The collector goes on in threads of its own for a while, longer where the heap is larger.
      globalThis.gc()
      await wait(SWEEP_MS)
      const beganMs = cpuMs()
      for (let i = 0; i < count; i++) {
        app.stomp.publish(destinations[i], BODY)
        if (i % BATCH === BATCH - 1) await turn()
      }
      await until(count * deliveries)
      return { micros: (1_000 * (cpuMs() - beganMs)) / count }
    },
  },
)
