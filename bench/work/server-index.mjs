// A part of bench/work/server-counts.mjs: what a publication visits among many subscriptions, three of which match.
import { embeddedBroker } from '@hoofbeat/server'
import { createScene } from './server-scene.mjs'
import { began, ended } from './server-tally.mjs'
import { clientChunk } from './server-wire.mjs'

const SIZES = [
  { exact: 1_000, wildcard: 100 },
  { exact: 100_000, wildcard: 10_000 },
]
const SESSIONS = 20
/** So many SUBSCRIBE frames are in one chunk. */
const CHUNK = 500

const roomOf = (i) => `/topic/room/${i}/chat`
/** Patterns of both kinds, in the midst of the name and at its end. */
const patternOf = (i) => (i % 2 === 0 ? `/topic/area/${i}/*/news` : `/topic/area/${i}/**`)
const PUBLISHED = '/topic/room/7/chat'
/** Besides the exact one. */
const MATCHING = ['/topic/room/7/*', '/topic/room/**']

async function count({ exact, wildcard }) {
  const scene = await createScene({
    broker: embeddedBroker({ maxDestinations: 2 * (exact + wildcard) }),
    limits: { maxSubscriptions: exact + wildcard },
  })
  const wires = await scene.connect(SESSIONS)
  const destinations = [
    ...Array.from({ length: exact }, (_, i) => roomOf(i)),
    ...Array.from({ length: wildcard - MATCHING.length }, (_, i) => patternOf(i)),
    ...MATCHING,
  ]
  const subscribe = (destination, i) => `SUBSCRIBE\nid:${i}\ndestination:${destination}\n\n\0`
  for (let at = 0; at < destinations.length; at += CHUNK) {
    const frames = destinations.slice(at, at + CHUNK).map((destination, i) => subscribe(destination, at + i))
    wires[(at / CHUNK) % SESSIONS].push(clientChunk(frames))
    await turn()
  }
  const framesOf = () => wires.reduce((sum, { frames }) => sum + frames, 0)
  const [publisher] = await scene.connect(1)
  const send = clientChunk([`SEND\ndestination:${PUBLISHED}\n\nhello\0`])
  const publish = async () => {
    publisher.push(send)
    await turn()
    await turn()
  }
  // The one before it has begun whatever is begun once.
  await publish()
  const before = framesOf()
  began()
  await publish()
  const { visits } = ended()
  const deliveries = framesOf() - before
  if (deliveries !== 1 + MATCHING.length) throw new Error(`${deliveries} deliveries: ${wires[0].last}`)
  return { visits }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

export async function countIndexVisits() {
  const figures = {}
  for (const size of SIZES) {
    figures[`a SEND among ${size.exact} exact and ${size.wildcard} wildcard subscriptions`] = await count(size)
  }
  return figures
}
