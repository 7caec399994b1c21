// node bench/fanout-tcp/run.mjs [--quick] [--json <file>] [--only <server,server>]      after `npm run build`
//
// One publisher, many subscribers over plain TCP, a few messages under way at a time.
import { startScenes } from '../load/scene.mjs'
import { inRounds, median, medianRatio } from '../measure/statistics.mjs'
import { runIfMain } from '../measure/suite.mjs'
import { rabbitmq } from '../targets/rabbitmq.entry.mjs'

export const title = 'Fan-out over TCP'

const WINDOW = 8
const TARGETS = [
  {
    name: 'hoofbeat',
    file: new URL('../queue/hoofbeat.mjs', import.meta.url),
    isPresent: () => undefined,
    login: 'u',
    isNpm: true,
  },
  { ...rabbitmq, file: new URL('../targets/rabbitmq-tcp.mjs', import.meta.url) },
].map((target) => ({ ...target, dialect: 'stomp-tcp' }))

export async function run({ quick = false, say = () => {}, only } = {}) {
  const subscribersEach = quick ? 200 : 1_000
  const durationMs = quick ? 700 : 5_000
  const isChosen = ({ name, isNpm }) => (only === undefined ? isNpm || !quick : only.split(',').includes(name))
  const targets = TARGETS.filter(isChosen)
  const { scenes, faults } = await startScenes(targets, { subscribersEach }, say)
  try {
    const loop = (scene) => scene.measure('closedLoop', { window: WINDOW, durationMs })
    for (const scene of scenes) await loop(scene)
    const figures = await inRounds(quick ? 1 : 5, scenes, loop)
    const [ours, theirs] = TARGETS.map(({ name }) => figures.get(name))
    const middle = (taken, key) => median(taken.map((figure) => figure[key]))
    const against = (key) =>
      ours === undefined || theirs === undefined ? undefined : medianRatio(theirs, ours, (figure) => figure[key])
    const rows = [...figures].map(([name, taken]) => [
      name,
      ...['perSecond', 'cpuMicrosEach', 'clientShare'].map((key) => middle(taken, key)),
      ...(taken === ours ? [1 / against('perSecond'), against('cpuMicrosEach')] : [undefined, undefined]),
    ])
    return {
      title,
      columns: ['server', 'deliveries/s', 'server µs a delivery', 'client share', 'x deliveries/s', 'times cheaper'],
      rows,
      subscribers: subscribersEach,
      window: WINDOW,
      faults: Object.fromEntries(faults),
      figures: Object.fromEntries(figures),
    }
  } finally {
    await Promise.all(scenes.map((scene) => scene.stop()))
  }
}

await runIfMain(import.meta.url, { title, run })
