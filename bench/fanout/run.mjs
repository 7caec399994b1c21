// node bench/fanout/run.mjs [--quick] [--only <target,target>] [--case <words>] [--json <file>] [--profile <folder>]
//
// One publisher, many subscribers of one topic. `window` messages are under way at any time: the next one is published
// when all subscribers have the one `window` before; so a window of 1 shows what a lone message costs, and a deep one how
// a server fares when more is published than it has yet delivered. The figure that counts is the server's processor time
// for one delivery: it does not depend on how fast the client is, or what else the machine does.
import { measureCase, rowsOf } from '../load/rounds.mjs'
import { runIfMain } from '../measure/suite.mjs'
import { percent } from '../measure/table.mjs'
import { BASELINE } from '../targets/index.mjs'

export const title = 'Fan-out: server processor time for one delivery, 300 bytes'

const CASES = [
  { subscribers: 1_000, window: 8, ids: 'equal' },
  { subscribers: 1_000, window: 8, ids: 'different' },
  { subscribers: 100, window: 16, ids: 'equal' },
  { subscribers: 5_000, window: 8, ids: 'equal' },
  { subscribers: 1_000, window: 1, ids: 'equal' },
]
const QUICK_CASES = [
  { subscribers: 200, window: 8, ids: 'equal' },
  { subscribers: 200, window: 1, ids: 'equal' },
]

const nameOf = ({ subscribers, window, ids }) => `N=${subscribers}, window ${window}, ids ${ids}`

export async function run(options) {
  const { quick, say } = options
  const cases = (quick ? QUICK_CASES : CASES).filter((one) => nameOf(one).includes(options.case ?? ''))
  const rows = []
  const results = []
  for (const one of cases) {
    const name = nameOf(one)
    say(`fan-out: ${name}`)
    const figures = await measureCase(
      {
        name,
        scene: { subscribersEach: one.subscribers, ids: one.ids },
        ask: ['closedLoop', { window: one.window, durationMs: quick ? 100 : 800 }],
        rounds: quick ? 2 : 7,
        warmUpMs: quick ? 150 : 3_000,
      },
      options,
    )
    results.push({ case: name, ...one, targets: figures })
    rows.push(
      ...rowsOf(name, figures, (target) => [
        target.cpuMicrosEach,
        target.against.cpuMicrosEach,
        target.perSecond,
        1 / target.against.perSecond,
        target.perRead,
        percent(target.serverShare),
        percent(target.clientShare),
      ]),
    )
  }
  return {
    title,
    columns: [
      'case',
      'target',
      'server CPU µs',
      `cheaper than ${BASELINE}, x`,
      'deliveries/s',
      `${BASELINE}, x`,
      'at a time',
      'server CPU',
      'client CPU',
    ],
    rows,
    results,
  }
}

await runIfMain(import.meta.url, { title, run })
