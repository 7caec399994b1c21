import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const onWindows = process.platform === 'win32'
const minute = 60_000

interface Start {
  /** Sends the signal to npm alone, as a process supervisor does. */
  readonly signalNpm: (signal: NodeJS.Signals) => void
  /** Sends the signal to npm and all that it has started, as Ctrl-C in a terminal does. */
  readonly signalAll: (signal: NodeJS.Signals) => void
  /** Address of the server, once its log tells it. */
  readonly address: Promise<string>
  /** npm's exit code, as soon as npm has ended: null when a signal ended it. */
  readonly exitCode: Promise<number | null>
  /** Fulfilled when all that npm has started has ended too, and all is read that they wrote. */
  readonly silence: Promise<void>
  /** All that was written up to now. */
  readonly lines: string[]
}

const started: ChildProcess[] = []

// As a person's shell would have it: nothing of the test runner's own environment, nor of the npm that may have started it.
const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|vitest|node_env$|test$|dev$)/i.test(name)))

const npmStart = (environment: NodeJS.ProcessEnv): Start => {
  const npm = spawn('npm', ['start'], {
    cwd: root,
    env: { ...cleanEnvironment(), STOMP_TCP_PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  started.push(npm)
  const pid = npm.pid
  if (pid === undefined) throw new Error('npm could not be started')

  const lines: string[] = []
  npm.stderr.setEncoding('utf8').on('data', (text: string) => lines.push(text))
  const exitCode = new Promise<number | null>((resolve) => npm.once('exit', resolve))
  const silence = new Promise<void>((resolve) => npm.once('close', () => resolve()))
  const address = new Promise<string>((resolve, reject) => {
    createInterface({ input: npm.stdout }).on('line', (line) => {
      lines.push(line)
      const found = /Server listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
    silence.then(() => reject(new Error(`npm start ended:\n${lines.join('\n')}`)))
  })
  address.catch(() => undefined)
  return {
    signalNpm: (signal) => process.kill(pid, signal),
    signalAll: (signal) => process.kill(-pid, signal),
    address,
    exitCode,
    silence,
    lines,
  }
}

const isServed = async (address: string): Promise<boolean> => {
  try {
    const response = await fetch(`${address}/health`, { headers: { connection: 'close' } })
    await response.body?.cancel()
    return response.status === 200
  } catch {
    return false
  }
}

// Nothing is left running, not even a server that npm has lost sight of: it is still of npm's process group.
afterEach(() => {
  for (const { pid } of started.splice(0)) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    } catch {
      // All of the group have ended.
    }
  }
})

// Windows has no SIGTERM: a process that is told to end there is ended at once.
describe.skipIf(onWindows)(`npm start${onWindows ? ' [Windows has no signals]' : ''}`, () => {
  it('serves the sample, and SIGTERM to npm drains it and ends with 0', { timeout: 5 * minute }, async () => {
    const first = npmStart({ PORT: '0' })
    const address = await first.address
    expect(await isServed(address)).toBe(true)
    first.signalNpm('SIGTERM')
    expect(await first.exitCode).toBe(0)
    expect(await isServed(address)).toBe(false)
  })

  it('does not install or build again when nothing has changed', { timeout: 5 * minute }, async () => {
    const first = npmStart({ PORT: '0' })
    await first.address
    first.signalNpm('SIGTERM')
    await first.exitCode

    const second = npmStart({ PORT: '0' })
    expect(await isServed(await second.address)).toBe(true)
    second.signalNpm('SIGTERM')
    expect(await second.exitCode).toBe(0)
    expect(second.lines).toContain('dependencies: up to date')
    expect(second.lines).toContain('build: up to date')
  })

  it('takes Ctrl-C, which the server sees twice, as one wish to stop', { timeout: minute }, async () => {
    const start = npmStart({ PORT: '0' })
    await start.address
    start.signalAll('SIGINT')
    expect(await start.exitCode).toBe(0)
  })

  it('ends with an error that names the port when it is taken', { timeout: minute }, async () => {
    const holder = createServer()
    const port = await new Promise<number>((resolve, reject) => {
      holder.once('error', reject).listen(0, '127.0.0.1', () => {
        const address = holder.address()
        if (address === null || typeof address === 'string') reject(new Error('no port'))
        else resolve(address.port)
      })
    })
    try {
      const start = npmStart({ PORT: String(port) })
      expect(await start.exitCode).not.toBe(0)
      await start.silence
      expect(start.lines.join('\n')).toContain(String(port))
    } finally {
      holder.close()
    }
  })
})
