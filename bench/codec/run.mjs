// node bench/codec/run.mjs [--quick] [--json] [--case <words>] [--only <target,target>]      after `npm run build`
//
// Parsing and encoding, in frames per second of processor time. Every target is first tried for correctness on every
// case; what fails is marked, with the reason.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { table } from '../measure/table.mjs'
import { FLOORS } from './floors.mjs'
import { loadTargets } from './targets.mjs'
import { measureAll, tableOf } from './turns.mjs'

export const title = 'Codec: frames per second of processor time, as multiples of @stomp/stompjs'

/** What else runs on the machine counts less so. */
function processorMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/**
 * @param only names of targets, with commas between; @stomp/stompjs is always there
 * @param words part of what a case is called
 */
export async function run({ quick = false, say = () => {}, only, case: words = '' } = {}) {
  const conditions = { rounds: quick ? 2 : 15, sliceMs: quick ? 10 : 100 }
  const [basis, ...others] = [...(await loadTargets()), ...FLOORS]
  const wanted = only?.split(',')
  const targets = [basis, ...others.filter(({ name }) => wanted === undefined || wanted.includes(name))]
  // Copies, one behind the other in the memory that Node keeps for small Buffers.
  const own = (bytes) => Buffer.from(bytes)
  const results = await measureAll(targets, own, { ...conditions, clock: processorMs, words, say })
  return { title, ...tableOf(results), node: process.version, ...conditions, results }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      case: { type: 'string' },
      only: { type: 'string' },
    },
  })
  const result = await run({ ...values, say: (text) => console.error(text) })
  console.log(values.json ? JSON.stringify(result, undefined, 2) : table(result.columns, result.rows))
}
