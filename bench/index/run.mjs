// node bench/index/run.mjs [--quick] [--json <file>] [--case <words>]      after `npm run build`
//
// What a publication costs with many subscriptions in the house, beside what it costs with a hundredth of them.
import { startChild } from '../measure/child.mjs'
import { inRounds, median, medianRatio } from '../measure/statistics.mjs'
import { runIfMain } from '../measure/suite.mjs'

export const title = 'Subscription index'

const SERVER = new URL('server.mjs', import.meta.url)
const FEW = { name: 'few', exact: 1_000, wildcard: 100 }
const MANY = { name: 'many', exact: 100_000, wildcard: 10_000 }
const QUICK_MANY = { name: 'many', exact: 20_000, wildcard: 2_000 }

const columnOf = ({ exact, wildcard }) => `µs at ${exact.toLocaleString('en')} + ${wildcard.toLocaleString('en')}`

export async function run({ quick = false, say = () => {}, case: part = '' } = {}) {
  const sizes = []
  try {
    for (const size of [FEW, quick ? QUICK_MANY : MANY]) {
      sizes.push({ ...size, server: await startChild(SERVER, { args: [`${size.exact}`, `${size.wildcard}`] }) })
      say(`${size.exact} exact and ${size.wildcard} wildcard subscriptions are there`)
    }
    const [few, many] = sizes
    const count = quick ? 4_000 : 100_000
    const cases = few.server.ready.cases.filter((name) => name.includes(part))
    const rows = []
    const figures = {}
    for (const name of cases) {
      for (const { server } of sizes) await server.ask('publish', { name, count })
      const taken = await inRounds(quick ? 1 : 11, sizes, ({ server }) => server.ask('publish', { name, count }))
      const [ofFew, ofMany] = [taken.get('few'), taken.get('many')]
      const middle = (list) => median(list.map(({ micros }) => micros))
      rows.push([name, middle(ofFew), middle(ofMany), medianRatio(ofMany, ofFew, ({ micros }) => micros)])
      figures[name] = { few: ofFew, many: ofMany }
    }
    const subscribing = [few.server.ready.subscribeMicros, many.server.ready.subscribeMicros]
    rows.push(['(a SUBSCRIBE with receipt)', ...subscribing, subscribing[1] / subscribing[0]])
    return {
      title,
      columns: ['published to', ...sizes.map(columnOf), 'ratio'],
      rows,
      figures,
    }
  } finally {
    await Promise.all(sizes.map(({ server }) => server.stop()))
  }
}

await runIfMain(import.meta.url, { title, run })
