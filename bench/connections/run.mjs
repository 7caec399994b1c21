// node bench/connections/run.mjs [--quick] [--json <file>] [--only <server,server>] [--case memory|hold]      after `npm run build`
//
// What an idle subscribed connection costs in memory, beside its peers; and many connections held by one process, with
// heart-beats, and one message to all of them.
import { execSync } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { startChild } from '../measure/child.mjs'
import { inRounds, median, medianRatio } from '../measure/statistics.mjs'
import { runIfMain } from '../measure/suite.mjs'

export const title = 'Connections'

const SERVER = new URL('server.mjs', import.meta.url)
const CLIENT = new URL('client.mjs', import.meta.url)

/** `heartBeat`: what the client asks for. The last one is what an application would have: users, and heart-beats. */
const TARGETS = [
  { name: 'hoofbeat', server: 'hoofbeat', dialect: 'stomp' },
  { name: '@fastify/websocket alone', server: '@fastify/websocket', dialect: 'none' },
  { name: 'ws alone', server: 'ws', dialect: 'none' },
  { name: 'socket.io', server: 'socket.io', dialect: 'socket.io' },
  {
    name: 'hoofbeat, users and heart-beats',
    server: 'hoofbeat',
    dialect: 'stomp',
    heartBeat: '10000,10000',
    loginPrefix: 'u',
  },
]

/** Resolves with how many connections the server has, once they are `count`. */
async function untilConnections(server, count) {
  for (let i = 0; (await server.ask('connections')) !== count; i++) {
    if (i === 1_000) throw new Error(`the server never had ${count} connections`)
    await wait(10)
  }
}

const memoryOf = async (server) => {
  await wait(300)
  const { rssBytes, heapBytes, externalBytes } = await server.ask('usage', { gc: true })
  return { rssBytes, heapBytes: heapBytes + externalBytes }
}

/**
 * Memory of `count` idle connections: with them, less without, after a few have come and gone, so that code which is
 * loaded and compiled at first use is not put on their account.
 */
export async function memoryPerConnection(target, count, look = async () => {}) {
  const server = await startChild(SERVER, { args: [target.server] })
  const client = await startChild(CLIENT)
  try {
    const opening = { ...server.ready, ...target, addresses: 2 }
    await client.ask('open', { ...opening, count: 100 })
    await client.ask('close')
    await untilConnections(server, 0)
    const empty = await memoryOf(server)
    await client.ask('open', { ...opening, count })
    await untilConnections(server, count)
    const full = await memoryOf(server)
    await look(server)
    return {
      rssBytes: (full.rssBytes - empty.rssBytes) / count,
      heapBytes: (full.heapBytes - empty.heapBytes) / count,
      emptyBytes: empty.rssBytes,
    }
  } finally {
    await client.stop()
    await server.stop()
  }
}

/** Many connections on one process: opens them, holds them while they beat, sends messages to all. */
async function hold({ count, beatMs, holdMs, messages }) {
  const server = await startChild(SERVER, { args: ['hoofbeat', `${beatMs}`] })
  const clients = [await startChild(CLIENT), await startChild(CLIENT)]
  const cpuMs = async () => (await server.ask('usage')).cpuMs
  const ofAll = (question, details) => Promise.all(clients.map((client) => client.ask(question, details)))
  try {
    const opening = { ...server.ready, dialect: 'stomp', heartBeat: `${beatMs},${beatMs}`, count: count / 2 }
    // Opening takes longer than the server waits for the first heart-beats.
    await ofAll('beat', beatMs)
    const [openBeganMs, openBeganCpuMs] = [performance.now(), await cpuMs()]
    await Promise.all(clients.map((client, i) => client.ask('open', { ...opening, addresses: 2 + 100 * i })))
    const opened = { ms: performance.now() - openBeganMs, cpuMs: (await cpuMs()) - openBeganCpuMs }

    const before = await ofAll('state')
    const heldCpuMs = await cpuMs()
    await wait(holdMs)
    const held = { cpuMs: (await cpuMs()) - heldCpuMs }
    const after = await ofAll('state')
    const open = after.reduce((sum, state) => sum + state.open, 0)
    if (open !== count) throw new Error(`only ${open} of ${count} connections are left`)
    // One more may be due at the very end of the time.
    const beats = Math.min(...after.map((state, i) => state.beats - before[i].beats))
    if (beats < Math.floor(holdMs / beatMs) - 1) throw new Error(`a connection has seen ${beats} heart-beats`)

    const fanOuts = []
    for (let i = 1; i <= messages; i++) {
      const beganCpuMs = await cpuMs()
      const sentMs = await clients[0].ask('publish', `SEND\ndestination:/topic/all\n\n${'x'.repeat(300)}\0`)
      const lastMs = Math.max(...(await ofAll('received', i)))
      fanOuts.push({ ms: lastMs - sentMs, cpuMs: (await cpuMs()) - beganCpuMs })
    }
    const { rssBytes } = await server.ask('usage', { gc: true })
    return {
      connections: count,
      openMs: opened.ms,
      openCpuMs: opened.cpuMs,
      heartBeatMs: beatMs,
      fewestBeats: beats,
      heldMs: holdMs,
      heldCpuShare: held.cpuMs / holdMs,
      fanOutMs: median(fanOuts.map(({ ms }) => ms)),
      fanOutCpuMs: median(fanOuts.map(({ cpuMs }) => cpuMs)),
      rssBytes,
    }
  } finally {
    await Promise.all([...clients, server].map((child) => child.stop()))
  }
}

function describe(held) {
  const cpu = (share) => `${(100 * share).toFixed(1)} % of a core`
  return (
    `${held.connections} connections on one process with heart-beats each ${held.heartBeatMs / 1_000} s: opened in ` +
    `${(held.openMs / 1_000).toFixed(1)} s, held with ${cpu(held.heldCpuShare)}, ` +
    `one message at all of them after ${Math.round(held.fanOutMs)} ms (${Math.round(held.fanOutCpuMs)} ms of processor time), ` +
    `${Math.round(held.rssBytes / 1_048_576)} MiB`
  )
}

/** What a process opens beside its connections. */
const SPARE_FILES = 60

/** As many as this process' limit of open files lets a server have. */
function affordable(wanted, say) {
  const limit = Number(execSync('ulimit -n', { encoding: 'utf8' })) || Number.POSITIVE_INFINITY
  if (wanted + SPARE_FILES <= limit) return wanted
  const count = 2 * Math.floor((limit - SPARE_FILES) / 2)
  say(`${wanted} connections need \`ulimit -n ${wanted + SPARE_FILES}\`; it is ${limit}: measured with ${count}`)
  return count
}

export async function run({ quick = false, say = () => {}, only, case: part = '' } = {}) {
  const isChosen = ({ name }) => 'memory'.includes(part) && (only === undefined || only.split(',').includes(name))
  const targets = TARGETS.filter(isChosen)
  const count = affordable(quick ? 1_000 : 10_000, say)
  const figures = await inRounds(quick ? 1 : 3, targets, async (target, round) => {
    const memory = await memoryPerConnection(target, count)
    say(`round ${round}: ${target.name}: ${Math.round(memory.rssBytes)} B a connection`)
    return memory
  })
  const middle = (name, key) => median(figures.get(name).map((memory) => memory[key]))
  const ratio = (name, to) =>
    figures.has(to) ? medianRatio(figures.get(name), figures.get(to), ({ rssBytes }) => rssBytes) : undefined
  const rows = targets.map(({ name }) => [
    name,
    middle(name, 'rssBytes') / 1_024,
    middle(name, 'heapBytes') / 1_024,
    middle(name, 'emptyBytes') / 1_048_576,
    ratio(name, '@fastify/websocket alone'),
    ratio(name, 'socket.io'),
  ])
  const holding = quick
    ? { count: affordable(1_000, say), beatMs: 1_000, holdMs: 2_000, messages: 3 }
    : { count: affordable(20_000, say), beatMs: 10_000, holdMs: 40_000, messages: 5 }
  const held = 'hold'.includes(part) ? await hold(holding) : undefined
  return {
    title,
    columns: ['server', 'KiB RSS a connection', 'KiB heap', 'MiB empty', 'x @fastify/websocket', 'x socket.io'],
    rows,
    connections: count,
    held,
    notes: held === undefined ? [] : [describe(held)],
    figures: Object.fromEntries(figures),
  }
}

await runIfMain(import.meta.url, { title, run })
