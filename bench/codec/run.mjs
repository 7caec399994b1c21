// node bench/codec/run.mjs [--quick] [--json] [--case <words>]      after a build of packages/codec
//
// All targets take turns in one run; the figures are medians of the rounds, of processor time; ratios are taken within
// one round, against @stomp/stompjs. Every target is first tried for correctness on every case; what fails is marked, with the reason.
import { parseArgs } from 'node:util'
import { CASES, chunksOf, wireBytes } from './corpus.mjs'
import { loadTargets } from './targets.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    case: { type: 'string', default: '' },
  },
})
const ROUNDS = options.quick ? 5 : 15
const SLICE_MS = options.quick ? 25 : 100

const say = (text) => {
  if (!options.json) console.log(text)
}
const bytesOf = (body) => (typeof body === 'string' ? Buffer.from(body) : Buffer.from(body))
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

/** Without order: an object has turned it round in some targets. */
const sorted = (object) => JSON.stringify(Object.entries(object).toSorted())

function pairsOf(headers) {
  const object = Array.isArray(headers)
    ? Object.fromEntries(headers.flatMap((_, i) => (i % 2 === 0 ? [[headers[i], headers[i + 1]]] : [])))
    : { ...headers }
  delete object['content-length']
  return sorted(object)
}

/** What is wrong with a target's frames; undefined if nothing is. */
function difference(expected, actual) {
  if (actual.length !== expected.length) return `${actual.length} frames of ${expected.length}`
  for (const [index, frame] of expected.entries()) {
    const { command, headers, body } = actual[index]
    if (command !== frame.command) return `command ${command}`
    if (pairsOf(headers) !== sorted(Object.fromEntries(frame.headers))) return 'headers differ'
    if (!bytesOf(body).equals(bytesOf(frame.body))) return 'body differs'
  }
}

/** Jobs of one case: what to run, how many frames a run is, and what was wrong when it was tried. */
async function parseJobs(targets, test) {
  const chunks = chunksOf(test)
  const wantsText = typeof test.frames[0].body === 'string'
  const jobs = []
  for (const target of targets) {
    const input = target.takesText ? chunks.map((chunk) => chunk.toString()) : chunks
    if (target.takesText && (test.length !== undefined || !wantsText)) continue
    const seen = []
    let fault
    try {
      await target.parse(input, wantsText, (command, headers, body) => seen.push({ command, headers, body }))
      fault = difference(test.frames, seen)
    } catch (error) {
      fault = error.message
    }
    let used = 0
    const use = (_command, headers, body) => {
      used += (headers['message-id']?.length ?? headers.length ?? 1) + body.length
    }
    jobs.push({
      target,
      fault,
      frames: test.frames.length,
      run: () => target.parse(input, wantsText, use),
      used: () => used,
    })
  }
  return jobs
}

async function encodeJobs(targets, test) {
  const expected = test.frames.map(wireBytes)
  const jobs = []
  for (const target of targets) {
    if (target.name === 'hoofbeat, as object') continue
    if (target.takesText && typeof test.frames[0].body !== 'string') continue
    const frames = test.frames.map(target.prepare)
    let fault
    for (const [index, frame] of frames.entries()) {
      const bytes = Buffer.from(await target.encode(frame))
      // stompit ends a frame with an LF of its own.
      const trimmed = bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes
      if (!trimmed.equals(expected[index])) fault = 'bytes differ'
    }
    let used = 0
    const run = target.encodesAhead
      ? async () => {
          for (const frame of frames) used += (await target.encode(frame)).length
        }
      : () => {
          for (const frame of frames) used += target.encode(frame).length
        }
    jobs.push({ target, fault, frames: frames.length, run, used: () => used })
  }
  return jobs
}

/** Frames per second of processor time of one job, during about `ms`: what else runs on the machine counts less so. */
async function sample(job, ms) {
  const begin = process.cpuUsage()
  let runs = 0
  let elapsed = 0
  do {
    const pending = job.run()
    if (pending !== undefined) await pending
    runs++
    const { user, system } = process.cpuUsage(begin)
    elapsed = (user + system) / 1000
  } while (elapsed < ms)
  return (runs * job.frames * 1000) / elapsed
}

async function measure(kind, test, jobs) {
  const rates = jobs.map(() => [])
  for (const job of jobs) await sample(job, SLICE_MS)
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < jobs.length; turn++) {
      const index = (turn + round) % jobs.length
      rates[index].push(await sample(jobs[index], SLICE_MS))
    }
  }
  const megabytes = test.frames.reduce((sum, frame) => sum + wireBytes(frame).length, 0) / test.frames.length / 1e6
  return jobs.map((job, index) => ({
    kind,
    case: test.name,
    target: job.target.name,
    framesPerSecond: Math.round(median(rates[index])),
    megabytesPerSecond: Math.round(median(rates[index]) * megabytes),
    ratio: Number(median(rates[index].map((rate, round) => rate / rates[0][round])).toPrecision(3)),
    ...(job.fault === undefined ? {} : { wrong: job.fault }),
    used: job.used() > 0,
  }))
}

const targets = await loadTargets()
const results = []
for (const kind of ['parse', 'encode']) {
  say(`\n${kind}: frames per second of @stomp/stompjs (MB/s), others as multiples of it\n`)
  say(`| case | ${targets.map((target) => target.name).join(' | ')} |`)
  say(`|---|${targets.map(() => '---:|').join('')}`)
  for (const test of CASES) {
    if (!test.name.includes(options.case) || (kind === 'encode' && test.parseOnly)) continue
    const rows = await measure(kind, test, await (kind === 'parse' ? parseJobs : encodeJobs)(targets, test))
    results.push(...rows)
    const cells = targets.map((target, index) => {
      const row = rows.find((one) => one.target === target.name)
      if (row === undefined) return '-'
      const figure = index === 0 ? `${row.framesPerSecond} (${row.megabytesPerSecond})` : `${row.ratio}`
      return row.wrong === undefined ? figure : `${figure} WRONG: ${row.wrong}`
    })
    say(`| ${test.name} | ${cells.join(' | ')} |`)
  }
}
if (options.json) {
  console.log(JSON.stringify({ node: process.version, rounds: ROUNDS, sliceMs: SLICE_MS, results }, undefined, 2))
}
