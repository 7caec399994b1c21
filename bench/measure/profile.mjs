// Where a process of a benchmark spends its time: the profiler of V8, for just as long as something is measured.
import { Session } from 'node:inspector/promises'

const INTERVAL_MICROS = 200
let session

/** Questions that a child answers beside its own; see `answerParent`. */
export const profileAnswers = {
  async startProfile() {
    session = new Session()
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROS })
    await session.post('Profiler.start')
  },
  async stopProfile() {
    const { profile } = await session.post('Profiler.stop')
    session.disconnect()
    return profile
  },
}

/** What is not the work of the process: waiting, and the profiler's own start and end. */
const NO_WORK = new Set(['(idle)', '(root)', 'dispatch'])

/** The functions with the most time of their own, as shares of all time that was worked. */
export function selfTimes(profile, count = 20) {
  const byFunction = new Map()
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  let busy = 0
  for (const [index, id] of profile.samples.entries()) {
    const { functionName, url, lineNumber } = nodes.get(id).callFrame
    if (NO_WORK.has(functionName) && url === '') continue
    const micros = Math.max(0, profile.timeDeltas[index])
    busy += micros
    const place = url === '' ? '' : ` ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`
    const name = `${functionName || '(anonymous)'}${place}`
    byFunction.set(name, (byFunction.get(name) ?? 0) + micros)
  }
  return [...byFunction]
    .map(([name, micros]) => ({ name, share: micros / busy }))
    .toSorted((a, b) => b.share - a.share)
    .slice(0, count)
}
