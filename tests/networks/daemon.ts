import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A program that runs in the foreground as a child of the test, with a folder of its own. */
export interface Daemon {
  readonly port: number
  readonly folder: string
  stop(): Promise<void>
}

/** How it is started on a port. */
export interface DaemonStart {
  readonly program: string
  /** Writes what it needs into its folder, and gives its arguments. */
  prepare(port: number, folder: string): Promise<readonly string[]>
  /** Variables that it gets besides those of the test. */
  readonly environment?: Readonly<Record<string, string>>
  /** How long it may take until it listens. @default 10000 */
  readonly patienceMs?: number
  /** A line of its standard output. */
  printed?(line: string): void
}

/** Another process may take the port between the look and the start. */
const ATTEMPTS = 5
const PATIENCE_MS = 10_000

/** Starts it; resolves when its port takes connections. Rejects with what it said if it does not come to that. */
export async function startDaemon(start: DaemonStart): Promise<Daemon> {
  const folder = await mkdtemp(join(tmpdir(), 'hoofbeat-network-'))
  let complaint = ''
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const port = await freePort()
    const args = await start.prepare(port, folder)
    const child = spawn(start.program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...start.environment },
    })
    // A test run that is broken off takes it along.
    const kill = (): void => void child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('close', () => process.off('exit', kill))
    let said = ''
    let printed = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      const lines = printed.split('\n')
      printed = lines.pop() ?? ''
      for (const line of lines) start.printed?.(line)
    })
    if (await isListening(child, port, start.patienceMs ?? PATIENCE_MS))
      return { port, folder, stop: () => stop(child, folder) }
    await end(child)
    complaint = said
  }
  await rm(folder, { recursive: true, force: true })
  throw new Error(`${start.program} did not start: ${complaint}`)
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  await end(child)
  await rm(folder, { recursive: true, force: true })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'close')
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 2_000)
  await ended
  clearTimeout(force)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function isListening(child: ChildProcess, port: number, patienceMs: number): Promise<boolean> {
  const giveUpMs = Date.now() + patienceMs
  while (child.exitCode === null && child.signalCode === null && Date.now() < giveUpMs) {
    if (await isOpen(port)) return child.exitCode === null
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return false
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
