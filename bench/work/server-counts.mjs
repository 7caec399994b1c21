// A part of bench/work/server.mjs, in a process of its own: prints, by case, how often a turn writes, makes promises,
// timers, immediates and buffers; what a new connection makes; what a publication visits in the subscription index; and
// how often sockets are written to.
import { began, countVisits, ended } from './server-tally.mjs'

const { CASES, repeat } = await import('./server-cases.mjs')
const { createScene } = await import('./server-scene.mjs')
const { countIndexVisits } = await import('./server-index.mjs')
const { countSocketWrites } = await import('./server-sockets.mjs')

const WARM_UP = 5
const TURNS = 20
const CONNECTIONS = 50
/** `repeat` waits by two of them. */
const OWN_IMMEDIATES = 2

const writesOf = (wires) => wires.reduce((sum, { writes }) => sum + writes, 0)

/** The most of each, of many turns. */
async function countTurn({ make }) {
  const job = await make(await createScene())
  await repeat(job, WARM_UP, began, ended)
  const most = { writes: 0, promises: 0, timers: 0, immediates: 0, buffers: 0 }
  let writes
  await repeat(
    job,
    TURNS,
    () => {
      writes = writesOf(job.wires)
      began()
    },
    () => {
      const { visits, ...turn } = ended()
      turn.immediates -= OWN_IMMEDIATES
      turn.writes = writesOf(job.wires) - writes
      for (const kind of Object.keys(most)) most[kind] = Math.max(most[kind], turn[kind])
    },
  )
  return most
}

/** Timers of many connections, from the upgrade to the RECEIPT of a SUBSCRIBE: none of them has one of its own. */
async function countConnecting() {
  const scene = await createScene()
  const subscribe = () => 'SUBSCRIBE\ndestination:/topic/all\nid:sub-0\nreceipt:subscribed\n\n\0'
  await scene.connect(CONNECTIONS, subscribe)
  began()
  await scene.connect(CONNECTIONS, subscribe)
  const { timers } = ended()
  return { timers }
}

const figures = {}
for (const [name, one] of Object.entries(CASES)) figures[name] = await countTurn(one)
figures[`${CONNECTIONS} connections, from upgrade to subscription`] = await countConnecting()
Object.assign(figures, await countSocketWrites())
countVisits()
Object.assign(figures, await countIndexVisits())
console.log(JSON.stringify(figures))
process.exit()
