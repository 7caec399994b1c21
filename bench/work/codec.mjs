// node bench/work/codec.mjs [--write] [--heap-only]      after `npm run build`
//
// What the codec does for a frame, counted and not timed: bytes taken from the heap, and, where valgrind is there (Linux),
// instructions; and the bytes of the heap that a decoder keeps which has seen CONNECT and SUBSCRIBE. They are the same in every run on one machine with one version of Node, whatever else runs there. They
// are compared with the figures in codec-baseline.json, as far as those come from the same major version of Node and
// the same kind of processor; more than the tolerance above is a failure. `--write` makes a new baseline.
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { COUNTED } from './codec-cases.mjs'

/** A frame may cost so much more than in the baseline: as shares, and in bytes what an object or two take. */
const TOLERANCE = { instructions: 0.05, heapBytes: 0.02, retainedBytes: 0.02, leastHeapBytes: 8 }

const BASELINE = new URL('./codec-baseline.json', import.meta.url)
const LOAD = fileURLToPath(new URL('./codec-load.mjs', import.meta.url))
// Nothing in parallel and nothing by chance; and so much room for young objects that nothing is collected meanwhile.
const FLAGS = [
  '--single-threaded',
  '--predictable',
  '--expose-gc',
  '--random-seed=1',
  '--hash-seed=1',
  '--min-semi-space-size=256',
  '--max-semi-space-size=256',
]
const start = promisify(execFile)

/** Bytes of the heap for a frame, and those that are kept, by name. */
async function countHeapBytes() {
  const { stdout } = await start(process.execPath, [...FLAGS, LOAD])
  return JSON.parse(stdout)
}

async function hasValgrind() {
  return start('valgrind', ['--version']).then(
    () => true,
    () => false,
  )
}

/** Instructions for a frame, by name: the costs between two marks, see codec-load.mjs. */
async function countInstructions() {
  const folder = await mkdtemp(join(tmpdir(), 'codec-work-'))
  try {
    const tool = ['--tool=callgrind', '--smc-check=all-non-file', '--dump-before=uv_os_getpriority']
    const out = join(folder, 'out')
    await start('valgrind', [...tool, `--callgrind-out-file=${out}`, process.execPath, ...FLAGS, LOAD])
    const figures = {}
    for (const [index, [name, { frames }]] of Object.entries(COUNTED).entries()) {
      const dump = await readFile(`${out}.${2 * index + 2}`, 'utf8')
      figures[name] = Math.round(Number(/^totals: (\d+)$/m.exec(dump)?.[1]) / frames)
    }
    // The part behind the last mark is the last dump: had the marks not been seen, there would be fewer.
    const dumps = (await readdir(folder)).length
    const expected = 2 * Object.keys(COUNTED).length + 1
    if (dumps !== expected) throw new Error(`${dumps} dumps of ${expected}: does this Node lack its symbols?`)
    return figures
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** What costs more than it should, in words. */
function excesses(kind, figures, allowed, least) {
  return Object.entries(figures).flatMap(([name, figure]) => {
    const before = allowed?.[name]
    if (before === undefined || figure <= Math.max(before * (1 + TOLERANCE[kind]), before + least)) return []
    return [`${name}: ${figure} ${kind}, ${before} in the baseline`]
  })
}

const { values: options } = parseArgs({
  options: { write: { type: 'boolean', default: false }, 'heap-only': { type: 'boolean', default: false } },
})
const conditions = { node: process.version, arch: process.arch }
const { heapBytes, retainedBytes } = await countHeapBytes()
const instructions = !options['heap-only'] && (await hasValgrind()) ? await countInstructions() : undefined
const counted = { ...conditions, heapBytes, retainedBytes, ...(instructions === undefined ? {} : { instructions }) }
console.log(JSON.stringify(counted, undefined, 2))

if (options.write) {
  await writeFile(BASELINE, `${JSON.stringify(counted, undefined, 2)}\n`)
} else {
  const baseline = JSON.parse(await readFile(BASELINE, 'utf8'))
  const major = (version) => version.split('.')[0]
  if (major(baseline.node) !== major(process.version) || baseline.arch !== process.arch) {
    console.error(`not compared: the baseline is of Node ${baseline.node}, ${baseline.arch}`)
  } else {
    const found = [
      ...excesses('heapBytes', heapBytes, baseline.heapBytes, TOLERANCE.leastHeapBytes),
      ...excesses('retainedBytes', retainedBytes, baseline.retainedBytes, TOLERANCE.leastHeapBytes),
      ...excesses('instructions', instructions ?? {}, baseline.instructions, 0),
    ]
    for (const one of found) console.error(one)
    if (found.length > 0) process.exitCode = 1
  }
}
