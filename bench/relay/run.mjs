// node bench/relay/run.mjs [--quick] [--json <file>] [--only <target,target>] [--case <words>]      after `npm run build`
//
// What a relay costs: all of them before one RabbitMQ, in turns; the figures are processor time of the server that clients
// are connected to, and of the broker behind it, for one delivery. Needs RabbitMQ (Debian: rabbitmq-server); Spring's relay is
// left out where there is no JDK and Maven.
import { startScenes } from '../load/scene.mjs'
import { startChild } from '../measure/child.mjs'
import { inRounds, median, medianRatio } from '../measure/statistics.mjs'
import { runIfMain } from '../measure/suite.mjs'
import { rabbitmq } from '../targets/rabbitmq.entry.mjs'
import { spring } from '../targets/spring/entry.mjs'

export const title = 'Relays before one RabbitMQ, 300 bytes'

const BROKER = new URL('broker.mjs', import.meta.url)
const OURS = new URL('hoofbeat.mjs', import.meta.url)
/** What all ratios are taken against. */
const BASELINE = 'RabbitMQ Web-STOMP'
const always = () => undefined

/** All share the broker: each has topics of its own. */
const targetsBefore = ({ tcpPort, port }) =>
  [
    { name: 'hoofbeat, shared', file: OURS, args: [`${tcpPort}`, 'shared'], isPresent: always, dialect: 'stomp' },
    {
      name: 'hoofbeat, per-client',
      file: OURS,
      args: [`${tcpPort}`, 'per-client'],
      isPresent: always,
      dialect: 'stomp',
    },
    { ...rabbitmq, name: BASELINE, file: new URL('direct.mjs', import.meta.url), args: [`${port}`] },
    { ...spring, name: 'Spring relay', args: [`${tcpPort}`] },
  ].map((target, index) => ({
    ...{ login: 'guest', passcode: 'guest' },
    ...target,
    topicOf: (name) => `/topic/relay-${index}-${name}`,
  }))

const CASES = [
  { name: 'one topic, N=1000, window 8', scene: { subscribersEach: 1_000 }, window: 8 },
  { name: 'one topic, N=100, window 16', scene: { subscribersEach: 100 }, window: 16 },
  { name: '64 topics, one subscriber each', scene: { destinations: 64 }, window: 1 },
]
const QUICK_CASES = [{ name: 'one topic, N=100, window 8', scene: { subscribersEach: 100 }, window: 8 }]

async function runCase({ name, scene, window }, targets, broker, { rounds, durationMs, say }) {
  const { scenes, faults } = await startScenes(targets, scene, say)
  try {
    const loop = async (one) => {
      const beganCpuMs = (await broker.ask('usage')).cpuMs
      const figure = await one.measure('closedLoop', { window, durationMs })
      const brokerMicrosEach = (1_000 * ((await broker.ask('usage')).cpuMs - beganCpuMs)) / figure.deliveries
      const totalMicrosEach = figure.cpuMicrosEach + brokerMicrosEach
      say(`${name}: ${one.name}: ${Math.round(figure.perSecond)}/s, ${totalMicrosEach.toFixed(2)} µs`)
      return { ...figure, brokerMicrosEach, totalMicrosEach }
    }
    for (const one of scenes) await loop(one)
    const figures = await inRounds(rounds, scenes, loop)
    const base = figures.get(BASELINE)
    const rows = targets.map((target) => {
      const taken = figures.get(target.name)
      if (taken === undefined) return [name, target.name, faults.get(target.name) ?? 'left out']
      const middle = (key) => median(taken.map((figure) => figure[key]))
      const ratio = (one, other, key) =>
        base === undefined ? undefined : medianRatio(one, other, (figure) => figure[key])
      return [
        ...[name, target.name, middle('perSecond'), ratio(taken, base ?? [], 'perSecond')],
        ...[middle('cpuMicrosEach'), middle('brokerMicrosEach'), middle('totalMicrosEach')],
        ratio(base ?? [], taken, 'totalMicrosEach'),
      ]
    })
    return { name, rows, faults: Object.fromEntries(faults), figures: Object.fromEntries(figures) }
  } finally {
    await Promise.all(scenes.map((one) => one.stop()))
  }
}

export async function run({ quick = false, say = () => {}, only, case: part = '' } = {}) {
  const columns = ['case', 'target', 'deliveries/s', 'x', 'server µs', 'broker µs', 'both µs', 'times cheaper']
  const reason = quick && only === undefined ? 'RabbitMQ is left out of a quick run' : rabbitmq.isPresent()
  if (reason !== undefined) return { title, columns, rows: [], notes: [reason], cases: [] }
  const sizes = quick ? { rounds: 1, durationMs: 700 } : { rounds: 5, durationMs: 3_000 }
  const broker = await startChild(BROKER)
  try {
    const targets = targetsBefore(broker.ready).filter(
      ({ name }) => only === undefined || only.split(',').some((one) => name.includes(one.trim())),
    )
    const cases = []
    for (const one of quick ? QUICK_CASES : CASES) {
      if (one.name.includes(part)) cases.push(await runCase(one, targets, broker, { ...sizes, say }))
    }
    return { title, columns, rows: cases.flatMap(({ rows }) => rows), cases }
  } finally {
    await broker.stop()
  }
}

await runIfMain(import.meta.url, { title, run })
