// node bench/fanout-links/run.mjs [--quick] [--only <target,target>] [--case <words>] [--json <file>] [--profile <folder>]
//
// The fan-out of ../fanout over links: on event streams, beside what `res.write` costs with the same events, and on
// WebSockets, beside plain ones. All subscribers acknowledge as clients of links do, on streams by requests of their
// own: that is part of the cost, and the more of it, the fewer messages come within the five seconds from one to the next.
import { measureCase, rowsOf } from '../load/rounds.mjs'
import { medianRatio } from '../measure/statistics.mjs'
import { runIfMain } from '../measure/suite.mjs'
import { percent } from '../measure/table.mjs'
import { LINK_TARGETS } from '../targets/index.mjs'

export const title = 'Fan-out over links: server processor time for one delivery, 300 bytes'

const BASELINE = 'res.write'
const PLAIN = 'hoofbeat WebSocket'

const CASES = [
  { subscribers: 1_000, window: 8 },
  { subscribers: 1_000, window: 1 },
  { subscribers: 100, window: 16 },
]
const QUICK_CASES = [{ subscribers: 200, window: 8 }]

const nameOf = ({ subscribers, window }) => `N=${subscribers}, window ${window}`

/** How many times the processor time of a plain WebSocket this one takes. */
function timesPlain({ rounds }, plain) {
  return plain?.rounds && medianRatio(rounds, plain.rounds, ({ cpuMicrosEach }) => cpuMicrosEach)
}

export async function run(options) {
  const { quick, say } = options
  const cases = (quick ? QUICK_CASES : CASES).filter((one) => nameOf(one).includes(options.case ?? ''))
  const rows = []
  const results = []
  for (const one of cases) {
    const name = nameOf(one)
    say(`fan-out over links: ${name}`)
    const figures = await measureCase(
      {
        name,
        scene: { subscribersEach: one.subscribers },
        ask: ['closedLoop', { window: one.window, durationMs: quick ? 100 : 1_500 }],
        rounds: quick ? 2 : 7,
        warmUpMs: quick ? 150 : 3_000,
        of: { targets: LINK_TARGETS, baseline: BASELINE },
      },
      options,
    )
    const plain = figures.find((target) => target.name === PLAIN)
    results.push({
      case: name,
      ...one,
      targets: figures.map((target) =>
        target.fault === undefined ? { ...target, timesPlain: timesPlain(target, plain) } : target,
      ),
    })
    rows.push(
      ...rowsOf(name, figures, (target) => [
        target.cpuMicrosEach,
        target.against.cpuMicrosEach,
        timesPlain(target, plain),
        target.perSecond,
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
      'of a plain WebSocket, x',
      'deliveries/s',
      'at a time',
      'server CPU',
      'client CPU',
    ],
    rows,
    results,
  }
}

await runIfMain(import.meta.url, { title, run })
