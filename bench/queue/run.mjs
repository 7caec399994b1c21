// node bench/queue/run.mjs [--quick] [--json <file>] [--only <server,server>] [--case <words>]      after `npm run build`
//
// A queue with acknowledgements over TCP: messages in memory, and on disk with a receipt for each.
import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { startChild } from '../measure/child.mjs'
import { inRounds, median, medianRatio } from '../measure/statistics.mjs'
import { runIfMain } from '../measure/suite.mjs'
import { rabbitmq } from '../targets/rabbitmq.entry.mjs'

export const title = 'Queues'

const CLIENT = new URL('client.mjs', import.meta.url)
/** 64 consumers hold 640 messages: there are always some more. Publishers are held back by receipts where there are any. */
const SHAPE = { consumers: 64, prefetch: 10, publishers: 16, window: 100, mostUnderWay: 2_000 }
const CHECKED = 1_000

const OURS = new URL('hoofbeat.mjs', import.meta.url)
const always = () => undefined
/** `kind`: which of the servers a case is about. */
const SERVERS = [
  { name: 'hoofbeat', kind: 'memory', isOurs: true, file: OURS, isPresent: always, login: 'u' },
  { name: 'hoofbeat', kind: 'disk', isOurs: true, file: OURS, args: ['durable'], isPresent: always, login: 'u' },
  { ...rabbitmq, file: new URL('../targets/rabbitmq-tcp.mjs', import.meta.url) },
]

/** Each step is measured. */
const CASES = [
  { name: 'in memory', kind: 'memory', prepare: warmUp, steps: { flow } },
  { name: 'on disk, with receipts', kind: 'disk', prepare: warmUp, steps: { flow } },
  {
    // While consumers keep up, a broker may take a message from memory and never write it. Here it cannot.
    name: 'on disk, with receipts',
    kind: 'disk',
    prepare: async () => {},
    steps: {
      'published while nobody consumes': (client, { count }) => client.ask('fill', count),
      'then consumed': (client) => client.ask('drain'),
    },
  },
]

function flow(client, { durationMs }) {
  return client.ask('flow', durationMs)
}

async function warmUp(client, { durationMs }) {
  await client.ask('check', CHECKED)
  await client.ask('flow', durationMs / 3)
}

let lastQueue = 0

/** One round of a case with a client and a queue of its own; for each step, what it took and what it cost the server. */
async function measure({ server, ...target }, { kind, prepare, steps }, sizes) {
  const { login, passcode = '', host } = target
  const client = await startChild(CLIENT)
  const cpuMs = async () => (await server.ask('usage')).cpuMs
  try {
    const queue = { destination: `/queue/bench-${++lastQueue}`, isPersistent: kind === 'disk' }
    await client.ask('open', { ...SHAPE, ...server.ready, ...queue, login, passcode, host })
    await prepare(client, sizes)
    const figures = {}
    for (const [name, step] of Object.entries(steps)) {
      const beganCpuMs = await cpuMs()
      const { messages, elapsedMs, clientCpuMs } = await step(client, sizes)
      figures[name] = {
        perSecond: (1_000 * messages) / elapsedMs,
        cpuMicros: (1_000 * ((await cpuMs()) - beganCpuMs)) / messages,
        clientShare: clientCpuMs / elapsedMs,
      }
    }
    return figures
  } finally {
    await client.stop()
  }
}

/** The rows of one case, and what every round gave. */
async function runCase(one, servers, { rounds, say, ...sizes }) {
  const targets = servers.filter(({ kind = one.kind }) => kind === one.kind)
  const taken = await inRounds(rounds, targets, async (target) => {
    const figures = await measure(target, one, sizes)
    say(`${one.name}: ${target.name}: ${JSON.stringify(figures)}`)
    return figures
  })
  const theirs = taken.get(rabbitmq.name)
  const rows = []
  for (const step of Object.keys(one.steps)) {
    for (const { name, isOurs } of targets) {
      const figures = taken.get(name)
      const middle = (key) => median(figures.map((figure) => figure[step][key]))
      const ratio = (key) =>
        isOurs && theirs ? medianRatio(figures, theirs, (figure) => figure[step][key]) : undefined
      const keys = ['perSecond', 'cpuMicros', 'clientShare']
      const words = step === 'flow' ? one.name : `${one.name}: ${step}`
      rows.push([words, name, ...keys.map(middle), ratio('perSecond'), ratio('cpuMicros')])
    }
  }
  return { name: one.name, rows, rounds: Object.fromEntries(taken) }
}

export async function run({ quick = false, say = () => {}, only, case: part = '' } = {}) {
  // A sync costs nothing in memory.
  const isOnDisk = statfsSync(tmpdir()).type !== 0x01021994
  if (!isOnDisk)
    say(`${tmpdir()} is in memory: set TMPDIR to a folder on a disk for durable figures that mean something`)
  const sizes = quick ? { rounds: 1, durationMs: 700, count: 3_000 } : { rounds: 5, durationMs: 5_000, count: 50_000 }
  const servers = []
  const faults = {}
  try {
    const chosen = SERVERS.filter(({ name }) => only === undefined || only.split(',').includes(name))
    for (const target of chosen) {
      const reason = quick && only === undefined && !target.isOurs ? 'left out of a quick run' : target.isPresent()
      if (reason === undefined) servers.push({ ...target, server: await startChild(target.file, target) })
      else faults[target.name] = reason
    }
    const cases = []
    for (const one of CASES) if (one.name.includes(part)) cases.push(await runCase(one, servers, { ...sizes, say }))
    return {
      title,
      columns: ['queue', 'server', 'messages/s', 'server µs', 'client share', 'x messages/s', 'x server µs'],
      rows: cases.flatMap(({ rows }) => rows),
      shape: SHAPE,
      isOnDisk,
      faults,
      notes: Object.entries(faults).map(([name, reason]) => `${name}: ${reason}`),
      cases,
    }
  } finally {
    await Promise.all(servers.map(({ server }) => server.stop()))
  }
}

await runIfMain(import.meta.url, { title, run })
