// A part of bench/work/server.mjs, in a process of its own with the flags that are there:
// node server-heap.mjs <turns of warm-up> <case>. Prints the bytes that a unit of the case takes from the heap and in
// buffers; of no case, what an idle connection keeps.
import { GCProfiler } from 'node:v8'
import { CASES, repeat } from './server-cases.mjs'
import { createScene } from './server-scene.mjs'

const WARM_UP = Number(process.argv[2])
const TURNS = 20
/** Turns behind a collection, before anything is counted: caches that it emptied are filled again. */
const AFTER_COLLECTION = 2
const ATTEMPTS = 5
const IDLE = 3_000
const COLLECTIONS = 5

const look = () => process.memoryUsage()
const between = (before, after) => ({
  heap: after.heapUsed - before.heapUsed,
  buffers: after.arrayBuffers - before.arrayBuffers,
})
const rounded = (number) => Math.round(10 * number) / 10

/** To look takes a few bytes itself. */
function ownBytes() {
  for (let i = 0; i < WARM_UP; i++) look()
  return between(look(), look()).heap
}

async function count({ unit, units, make }) {
  const job = await make(await createScene())
  await repeat(job, WARM_UP, look, look)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const turns = await uncollected(job)
    if (turns === undefined) continue
    // What is made for each unit is in every turn; what grows now and then, like the room of a map, only in some.
    const heap = Math.min(...turns.map((turn) => turn.heap))
    const buffers = turns.reduce((sum, turn) => sum + turn.buffers, 0)
    return {
      unit,
      heapBytes: rounded(heap / units),
      bufferBytes: rounded(buffers / (TURNS * units)),
      slabBytes: rounded(Buffer.poolSize / (TURNS * units)),
    }
  }
  throw new Error(`the heap was collected in each of ${ATTEMPTS} attempts`)
}

/** What each of some turns takes; undefined if something was collected meanwhile. */
async function uncollected(job) {
  globalThis.gc()
  await repeat(job, AFTER_COLLECTION, look, look)
  const own = ownBytes()
  const turns = []
  const profiler = new GCProfiler()
  let before
  profiler.start()
  await repeat(
    job,
    TURNS,
    () => {
      before = look()
    },
    () => {
      const { heap, buffers } = between(before, look())
      turns.push({ heap: heap - own, buffers })
    },
  )
  return profiler.stop().statistics.length === 0 ? turns : undefined
}

/** What is left on the heap of each of many connections, when all that is not needed any more was collected. */
async function countKept() {
  const scene = await createScene()
  const subscribe = () => 'SUBSCRIBE\ndestination:/topic/all\nid:sub-0\nreceipt:subscribed\n\n\0'
  const settled = async () => {
    for (let i = 0; i < COLLECTIONS; i++) {
      globalThis.gc()
      await new Promise((resolve) => setImmediate(resolve))
    }
    return look()
  }
  // The first ones make whatever is made once.
  const connections = await scene.connect(IDLE / 2, subscribe)
  const before = await settled()
  connections.push(...(await scene.connect(IDLE, subscribe)))
  const { heap } = between(before, await settled())
  if (connections.length !== 1.5 * IDLE) throw new Error('not all are there')
  return { unit: 'connection', keptBytes: Math.round(heap / IDLE) }
}

const [, , , name] = process.argv
console.log(JSON.stringify(await (name in CASES ? count(CASES[name]) : countKept())))
process.exit()
