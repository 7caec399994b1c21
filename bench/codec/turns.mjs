// All targets take turns in one run; the figures are medians of the rounds, ratios are taken within one round, against the
// first target. Runs in browsers too.
import { median } from '../measure/statistics.mjs'
import { CASES, wireBytes } from './corpus.mjs'
import { encodeJobs, parseJobs } from './jobs.mjs'

/** Frames per second of one job, by `clock` (milliseconds), during about `ms`. */
async function sample(job, frames, ms, clock) {
  const begin = clock()
  let runs = 0
  let elapsed = 0
  do {
    const pending = job.run()
    if (pending !== undefined) await pending
    runs++
    elapsed = clock() - begin
  } while (elapsed < ms)
  return (runs * frames * 1000) / elapsed
}

async function measure(kind, test, jobs, { rounds, sliceMs, clock }) {
  const rates = jobs.map(() => [])
  const { length } = test.frames
  for (const job of jobs) await sample(job, length, sliceMs, clock)
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < jobs.length; turn++) {
      const index = (turn + round) % jobs.length
      rates[index].push(await sample(jobs[index], length, sliceMs, clock))
    }
  }
  const megabytes = test.frames.reduce((sum, frame) => sum + wireBytes(frame).length, 0) / length / 1e6
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

/** @param own see `chunksOf` */
export async function measureAll(targets, own, { words = '', say, ...conditions }) {
  const results = []
  for (const kind of ['parse', 'encode']) {
    for (const test of CASES) {
      if (!`${kind} ${test.name}`.includes(words)) continue
      const jobs = await (kind === 'parse' ? parseJobs(targets, test, own) : encodeJobs(targets, test))
      if (jobs.length === 0) continue
      say(`codec: ${kind} ${test.name}`)
      results.push(...(await measure(kind, test, jobs, conditions)))
    }
  }
  return results
}

/** A table of the results: of the first target frames per second, of the others how often as many. */
export function tableOf(results) {
  const targets = [...new Set(results.map(({ target }) => target))]
  const cases = [...new Set(results.map((row) => `${row.kind}: ${row.case}`))]
  const cellOf = (name, target) => {
    const row = results.find((one) => `${one.kind}: ${one.case}` === name && one.target === target)
    if (row === undefined) return '-'
    const figure = target === targets[0] ? `${row.framesPerSecond.toLocaleString('en')}/s` : `${row.ratio}`
    return row.wrong === undefined ? figure : `${figure} WRONG: ${row.wrong}`
  }
  return {
    columns: ['case', ...targets],
    rows: cases.map((name) => [name, ...targets.map((target) => cellOf(name, target))]),
  }
}
