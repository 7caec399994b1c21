import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('node.mjs', import.meta.url))

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
}

/** A change of what a node knows of its broker. */
export interface Availability {
  readonly isAvailable: boolean
  readonly atMs: number
}

/** A node in a process of its own. */
export interface ClusterNodeProcess {
  readonly port: number
  readonly url: string
  /** What it has told, in order. */
  readonly availability: readonly Availability[]
  /** What it has written to its error output, for who wonders. */
  readonly said: string
  /** A POST of JSON to one of its routes; resolves with the answer's JSON. */
  post(path: string, body: object): Promise<unknown>
  get(path: string): Promise<unknown>
  /** Ends it at once. */
  kill(): Promise<void>
  /** Asks it to end. */
  stop(): Promise<void>
}

/** Starts one; resolves when it listens, rejects with what it said if it ends before. */
export async function startClusterNode(options: NodeOptions): Promise<ClusterNodeProcess> {
  const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] })
  // A test run that is broken off takes it along.
  const abandon = (): void => void child.kill('SIGKILL')
  process.once('exit', abandon)
  const closed = once(child, 'close').then(() => void process.off('exit', abandon))
  const availability: Availability[] = []
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-20_000)
  })
  const listening = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as { readonly state: string } & Availability
      if (line.state === 'listening') resolve()
      if (line.state === 'availability') availability.push(line)
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
    kill: () => end(child, closed, 'SIGKILL'),
    stop: () => end(child, closed, 'SIGTERM'),
  }
}

async function answer(url: string, request: RequestInit): Promise<unknown> {
  const response = await fetch(url, request)
  const text = await response.text()
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`)
  return JSON.parse(text)
}

async function end(child: ChildProcess, closed: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal)
  const force = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await closed
  clearTimeout(force)
}
