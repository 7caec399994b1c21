// A part of a benchmark in a process of its own: a server, or a client that makes load.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { profileAnswers } from './profile.mjs'

/**
 * Starts `file` (a URL) and waits until it has said that it is ready; see `answerParent`. `ready` is what it said then.
 * `ask(question, details)` resolves with its answer; it rejects when the process says that it failed, or ends. `stop()`
 * ends it and waits for that.
 */
export async function startChild(file, { args = [], env = {}, execArgv = ['--expose-gc'] } = {}) {
  const child = fork(file, args, { execArgv, env: { ...process.env, ...env }, serialization: 'advanced' })
  const waiting = new Map()
  let lastNumber = 0
  let ready
  const isReady = withResolvers()
  const failAll = (error) => {
    isReady.reject(error)
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  child.on('message', (message) => {
    if ('ready' in message) {
      ready = message.ready
      isReady.resolve()
      return
    }
    const { resolve, reject } = waiting.get(message.number)
    waiting.delete(message.number)
    if (message.fault === undefined) resolve(message.answer)
    else reject(new Error(message.fault))
  })
  child.on('exit', (code, signal) => failAll(new Error(`${file} has ended: ${signal ?? code}`)))
  isReady.promise.catch(() => {})
  await isReady.promise
  return {
    ready,
    pid: child.pid,
    ask(question, details) {
      const number = ++lastNumber
      const answer = withResolvers()
      waiting.set(number, answer)
      child.send({ number, question, details })
      return answer.promise
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/**
 * The other end of `startChild`: says that it is ready, then answers questions. `answers` has a function, which may be
 * async, for each question; each child also answers `usage`: processor time so far, and memory, with `{ gc: true }` after
 * a collection; and `startProfile` and `stopProfile`.
 */
export function answerParent(ready, answers = {}) {
  const all = { usage, ...profileAnswers, ...answers }
  process.on('message', async ({ number, question, details }) => {
    try {
      process.send({ number, answer: await all[question](details) })
    } catch (error) {
      process.send({ number, fault: error.stack })
    }
  })
  // Nobody is left to ask.
  process.on('disconnect', () => process.exit())
  process.send({ ready })
}

async function usage({ gc = false } = {}) {
  if (gc) {
    for (let i = 0; i < 3; i++) {
      globalThis.gc()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { cpuMs: (user + system) / 1_000, rssBytes: rss, heapBytes: heapUsed, externalBytes: external }
}

function withResolvers() {
  let resolve
  let reject
  const promise = new Promise((ok, fail) => {
    resolve = ok
    reject = fail
  })
  return { promise, resolve, reject }
}
