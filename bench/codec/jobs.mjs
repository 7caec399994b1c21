// What is measured in one case, and whether each target does it right. Runs in browsers too.
import { chunksOf, wireBytes } from './corpus.mjs'

const isText = (body) => typeof body === 'string'
const utf8 = new TextEncoder()
const bytesOf = (body) => (isText(body) ? utf8.encode(body) : body)
const isSame = (a, b) => a.length === b.length && a.every((octet, index) => octet === b[index])

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
    if (!isSame(bytesOf(body), bytesOf(frame.body))) return 'body differs'
  }
}

/** The jobs of one case: what to run, how many frames a run is, and what was wrong when it was tried. */
export async function parseJobs(targets, test, own) {
  const chunks = chunksOf(test, own)
  const wantsText = isText(test.frames[0].body)
  const jobs = []
  for (const target of targets) {
    if (target.parse === undefined || target.skips?.(test)) continue
    if (target.takesText && (test.length !== undefined || !wantsText)) continue
    const input = target.inputOf?.(test) ?? (target.takesText ? chunks.map((chunk) => chunk.toString()) : chunks)
    const seen = []
    let fault
    try {
      await target.parse(input, wantsText, (command, headers, body) => seen.push({ command, headers, body }))
      if (!target.isFloor) fault = difference(test.frames, seen)
    } catch (error) {
      fault = error.message
    }
    let used = 0
    const use = (_command, headers, body) => {
      used += (headers['message-id']?.length ?? headers.length ?? 1) + body.length
    }
    jobs.push({ target, fault, run: () => target.parse(input, wantsText, use), used: () => used })
  }
  return jobs
}

export async function encodeJobs(targets, test) {
  if (test.parseOnly) return []
  const expected = test.frames.map(wireBytes)
  const jobs = []
  for (const target of targets) {
    if (target.encode === undefined || target.skips?.(test)) continue
    if (target.takesText && !isText(test.frames[0].body)) continue
    const frames = test.frames.map(target.prepare)
    let fault
    for (const [index, frame] of frames.entries()) {
      const bytes = await target.encode(frame)
      // stompit ends a frame with an LF of its own.
      const trimmed = bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes
      if (!target.isFloor && !isSame(trimmed, expected[index])) fault = 'bytes differ'
    }
    let used = 0
    const run = target.encodesAhead
      ? async () => {
          for (const frame of frames) used += (await target.encode(frame)).length
        }
      : () => {
          for (const frame of frames) used += target.encode(frame).length
        }
    jobs.push({ target, fault, run, used: () => used })
  }
  return jobs
}
