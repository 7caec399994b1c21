// node bench/fanout/latency.mjs [--quick] [--only <target,target>] [--case <words>] [--json <file>] [--profile <folder>]
//
// Open loop: 10,000 deliveries a second, whatever the server does, which is little for all of them. How long it takes
// from the write of a publication to the read of each of its deliveries, in one process and by one clock. The load client
// knows the message by its place in the order, which was checked before: nothing is decoded in between.
import { measureCase, rowsOf } from '../load/rounds.mjs'
import { runIfMain } from '../measure/suite.mjs'
import { BASELINE } from '../targets/index.mjs'

export const title = 'Latency of fan-out at 10,000 deliveries/s, 300 bytes'

const CASES = [
  { subscribers: 100, intervalMs: 10 },
  { subscribers: 1_000, intervalMs: 100 },
]

const nameOf = ({ subscribers, intervalMs }) => `N=${subscribers}, ${1_000 / intervalMs} messages/s`

export async function run(options) {
  const { quick, say } = options
  const cases = (quick ? CASES.slice(0, 1) : CASES).filter((one) => nameOf(one).includes(options.case ?? ''))
  const rows = []
  const results = []
  for (const one of cases) {
    const name = nameOf(one)
    say(`latency: ${name}`)
    const figures = await measureCase(
      {
        name,
        scene: { subscribersEach: one.subscribers },
        ask: ['openLoop', { intervalMs: one.intervalMs, durationMs: quick ? 200 : 2_500 }],
        rounds: quick ? 2 : 7,
        warmUpMs: quick ? 200 : 3_000,
      },
      options,
    )
    results.push({ case: name, ...one, targets: figures })
    rows.push(
      ...rowsOf(name, figures, ({ p50Ms, p99Ms, against, cpuMicrosEach }) => {
        return [p50Ms, 1 / against.p50Ms, p99Ms, 1 / against.p99Ms, cpuMicrosEach]
      }),
    )
  }
  return {
    title,
    columns: ['case', 'target', 'p50 ms', `${BASELINE}, x`, 'p99 ms', `${BASELINE}, x`, 'server CPU µs'],
    rows,
    results,
  }
}

await runIfMain(import.meta.url, { title, run })
