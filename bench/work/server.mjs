// node bench/work/server.mjs [--write] [--optimised]      after `npm run build`
//
// What the whole server does for a message, a delivery, an acknowledgement, a connection: counted and not timed, so that
// it comes out the same however busy the machine is. It is compared with server-baseline.json; more than there is a
// failure. `--write` makes a new baseline for this major version of Node. `--optimised` only shows what is left of the
// bytes when the compiler has done its work. See README.md.
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { table } from '../measure/table.mjs'
import { CASES } from './server-cases.mjs'

const BASELINE = new URL('./server-baseline.json', import.meta.url)
const TIMEOUT_MS = 120_000

// Nothing in parallel and nothing by chance; and so much room for young objects that nothing is collected meanwhile.
const FLAGS = [
  '--single-threaded',
  '--predictable',
  '--random-seed=1',
  '--hash-seed=1',
  '--min-semi-space-size=256',
  '--max-semi-space-size=256',
  '--no-flush-bytecode',
  '--no-memory-reducer',
  '--expose-gc',
]
// Every object that the sources ask for is made: what a compiler leaves out depends on its budgets, and on its version.
const AS_WRITTEN = ['--no-opt', '--no-maglev']
const WARM_UP = { asWritten: 20, optimised: 400 }
const IDLE = 'idle connection, subscribed'

const major = () => process.versions.node.split('.')[0]
const start = promisify(execFile)

async function child(file, flags, args = []) {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const { stdout } = await start(process.execPath, [...flags, path, ...args], { timeout: TIMEOUT_MS })
  return JSON.parse(stdout)
}

/**
 * The bytes of all cases. Each has a process of its own: so none depends on what another has left behind; and there are
 * never more at work than a small machine has processors.
 */
async function countBytes(flags, warmUp) {
  const names = [...Object.keys(CASES), IDLE]
  const figures = Object.fromEntries(names.map((name) => [name, undefined]))
  const worker = async () => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      figures[name] = await child('server-heap.mjs', flags, [`${warmUp}`, name])
    }
  }
  await Promise.all([worker(), worker()])
  return figures
}

/** What a share of the baseline, and how many bytes, a figure may be above it. */
function tolerance(kind, bytes, baseline) {
  // The same in each run on one version of Node; the streams of another one of its line may differ.
  const isSame = baseline.node === process.version && baseline.arch === process.arch
  // Where what is left ends up, and how full its pages are, is not wholly the same.
  if (kind === 'keptBytes') return { share: isSame ? 0.015 : 0.03, least: 0 }
  if (kind === 'heapBytes') return { share: isSame ? 0.0015 : 0.03, least: 8 }
  // Small buffers are cut from slabs: one more or less may fall into what is counted.
  return { share: isSame ? 0.0015 : 0.03, least: bytes.slabBytes }
}

/** What only explains a figure. */
const NOT_COMPARED = new Set(['unit', 'slabBytes'])

/** Says of each figure whether it is more or less than in the baseline. */
function compare(found, baseline, allowed) {
  const more = []
  const less = []
  for (const name of new Set([...Object.keys(found), ...Object.keys(baseline)])) {
    for (const kind of new Set([...Object.keys(found[name] ?? {}), ...Object.keys(baseline[name] ?? {})])) {
      if (NOT_COMPARED.has(kind)) continue
      const [is, was] = [found[name]?.[kind], baseline[name]?.[kind]]
      const text = `${name}: ${kind} ${is ?? 'not counted'}, ${was ?? 'not'} in the baseline`
      if (is === undefined || was === undefined) {
        more.push(text)
        continue
      }
      const { share, least } = allowed(kind, found[name])
      const room = Math.max(was * share, least)
      if (is > was + room) more.push(text)
      else if (is < was - room) less.push(text)
    }
  }
  return { more, less }
}

const exactly = () => ({ share: 0, least: 0 })

function report(counts, bytes) {
  const kinds = ['writes', 'promises', 'timers', 'immediates', 'buffers', 'visits']
  const names = [...new Set([...Object.keys(counts), ...Object.keys(bytes)])]
  const rows = names.map((name) => {
    const { heapBytes, keptBytes, bufferBytes, unit } = bytes[name] ?? {}
    return [name, ...kinds.map((kind) => counts[name]?.[kind]), heapBytes ?? keptBytes, bufferBytes, unit ?? '-']
  })
  return table(['a turn of', ...kinds, 'heap B', 'buffer B', 'bytes are of a'], rows)
}

const { values: options } = parseArgs({
  options: { write: { type: 'boolean', default: false }, optimised: { type: 'boolean', default: false } },
})
const counts = options.optimised ? {} : await child('server-counts.mjs', [])
const bytes = options.optimised
  ? await countBytes(FLAGS, WARM_UP.optimised)
  : await countBytes([...FLAGS, ...AS_WRITTEN], WARM_UP.asWritten)
console.log(report(counts, bytes))

const baseline = await readFile(BASELINE, 'utf8').then(JSON.parse, () => ({ counts: {}, bytes: {} }))
if (options.write) {
  const entry = { node: process.version, arch: process.arch, figures: bytes }
  const written = { counts, bytes: { ...baseline.bytes, [major()]: entry } }
  const compared = (key, value) => (NOT_COMPARED.has(key) ? undefined : value)
  await writeFile(BASELINE, `${JSON.stringify(written, compared, 2)}\n`)
  const others = Object.keys(baseline.bytes).filter((other) => other !== major())
  if (others.length > 0) console.log(`Written for Node ${major()}; to be written too with Node ${others.join(', ')}.`)
} else if (!options.optimised) {
  const ofMajor = baseline.bytes[major()]
  if (ofMajor === undefined) console.error(`bytes are not compared: there is no baseline for Node ${major()}`)
  const all = [
    compare(counts, baseline.counts, exactly),
    ...(ofMajor ? [compare(bytes, ofMajor.figures, (kind, figures) => tolerance(kind, figures, ofMajor))] : []),
  ]
  const less = all.flatMap((one) => one.less)
  const more = all.flatMap((one) => one.more)
  for (const text of less) console.log(`better: ${text}`)
  if (less.length > 0) console.log('Run it with --write, so that it stays so.')
  for (const text of more) console.error(`worse: ${text}`)
  if (more.length > 0) process.exitCode = 1
}
