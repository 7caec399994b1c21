import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('node.mjs', import.meta.url))

/** Who does not end by then is killed: longer than any drain of these tests. */
const STOP_MS = 20_000

/** How a node is started; see node.mjs. */
export interface NodeOptions {
  readonly port: number
  /** Port of the broker on 127.0.0.1; undefined: the node's own. */
  readonly broker?: number
  readonly secret?: string
  /** Whether other nodes reach it by HTTP; else they do over the broker. @default true */
  readonly hasUrl?: boolean
  /** How often node and broker tell each other that they are there; silence is noticed after two to three of them. @default 1000 */
  readonly heartBeatMs?: number
  readonly mode?: 'shared' | 'per-client'
  /** Over how long it spreads the closes at its end, in ms. @default 0 */
  readonly drainMs?: number
}

/** A change of what a node knows of its broker. */
export interface Availability {
  readonly isAvailable: boolean
  readonly atMs: number
}

/** A session that was connected, and is closed. */
export interface SessionClose {
  readonly user: string | undefined
  readonly code: number
  readonly atMs: number
}

/** A node in a process of its own. */
export interface ClusterNodeProcess {
  readonly port: number
  readonly url: string
  /** What it has told, in order. */
  readonly availability: readonly Availability[]
  /** The sessions that it has closed, in order. */
  readonly closes: readonly SessionClose[]
  /** When it began to end, in ms since the epoch. */
  readonly closingAtMs: number | undefined
  /** What it has written to its error output, for who wonders. */
  readonly said: string
  /** A POST of JSON to one of its routes; resolves with the answer's JSON. */
  post(path: string, body: object): Promise<unknown>
  get(path: string): Promise<unknown>
  /** Ends it at once. */
  kill(): Promise<void>
  /** Asks it to end; resolves with its exit code, or null where it had to be killed. */
  stop(): Promise<number | null>
}

/** Starts one; resolves when it listens, rejects with what it said if it ends before. */
export async function startClusterNode(options: NodeOptions): Promise<ClusterNodeProcess> {
  const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] })
  // A test run that is broken off takes it along.
  const abandon = (): void => void child.kill('SIGKILL')
  process.once('exit', abandon)
  const closed = once(child, 'close').then(() => void process.off('exit', abandon))
  const availability: Availability[] = []
  const closes: SessionClose[] = []
  let closingAtMs: number | undefined
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-20_000)
  })
  const listening = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as { readonly state: string } & Availability & SessionClose
      if (line.state === 'listening') resolve()
      if (line.state === 'availability') availability.push(line)
      if (line.state === 'disconnected') closes.push(line)
      if (line.state === 'closing') closingAtMs = line.atMs
    })
  })
  const failed = closed.then(() => {
    throw new Error(`the node ended before it listened: ${said}`)
  })
  await Promise.race([listening, failed])
  failed.catch(() => {})

  const url = `http://127.0.0.1:${options.port}`
  return {
    port: options.port,
    url,
    availability,
    closes,
    get closingAtMs() {
      return closingAtMs
    },
    get said() {
      return said
    },
    post: (path, body) =>
      answer(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    get: (path) => answer(`${url}${path}`, {}),
    async kill() {
      await end(child, closed, 'SIGKILL')
    },
    stop: () => end(child, closed, 'SIGTERM'),
  }
}

async function answer(url: string, request: RequestInit): Promise<unknown> {
  const response = await fetch(url, request)
  const text = await response.text()
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`)
  return JSON.parse(text)
}

async function end(child: ChildProcess, closed: Promise<void>, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal)
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await closed
  clearTimeout(force)
  return child.exitCode
}
