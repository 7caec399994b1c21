// node bench/pair/run.mjs [--quick] [--only <target,target>] [--case <words>] [--json <file>] [--profile <folder>]
//
// Pairs of a publisher and a subscriber on connections of their own, each pair with its own topic: the next message is
// published when the one before has arrived.
import { measureCase, rowsOf } from '../load/rounds.mjs'
import { runIfMain } from '../measure/suite.mjs'
import { percent } from '../measure/table.mjs'
import { BASELINE } from '../targets/index.mjs'

export const title = 'One publisher to one subscriber, 300 bytes'

const CASES = [1, 64]

const nameOf = (pairs) => (pairs === 1 ? '1 pair' : `${pairs} pairs`)

export async function run(options) {
  const { quick, say } = options
  const rows = []
  const results = []
  for (const pairs of (quick ? CASES.slice(1) : CASES).filter((count) => nameOf(count).includes(options.case ?? ''))) {
    const name = nameOf(pairs)
    say(`pair: ${name}`)
    const figures = await measureCase(
      {
        name,
        scene: { destinations: pairs },
        ask: ['closedLoop', { window: 1, durationMs: quick ? 100 : 800, wantsLatency: true }],
        rounds: quick ? 2 : 9,
        warmUpMs: quick ? 250 : 5_000,
      },
      options,
    )
    results.push({ case: name, pairs, targets: figures })
    rows.push(
      ...rowsOf(name, figures, (target) => [
        target.perSecond,
        1 / target.against.perSecond,
        target.cpuMicrosEach,
        target.against.cpuMicrosEach,
        target.p50Ms,
        target.p99Ms,
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
      'messages/s',
      `${BASELINE}, x`,
      'server CPU µs',
      `cheaper than ${BASELINE}, x`,
      'p50 ms',
      'p99 ms',
      'server CPU',
      'client CPU',
    ],
    rows,
    results,
  }
}

await runIfMain(import.meta.url, { title, run })
