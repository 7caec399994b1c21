import type { Frame, FrameInit } from '@hoofbeat/codec'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach } from 'vitest'
import type { MessageStore, StoreChange } from '../src/index.js'
import hoofbeat, { type HoofbeatOptions } from '../src/index.js'
import { connectTestClient, type StompTestClient } from '../src/testing/stomp-client.js'

/** The whole plugin on linked connections: no ports. */
export interface PluginApplication {
  readonly app: FastifyInstance
  /** What was logged, a line each. */
  readonly log: readonly string[]
  /** A client that is connected; all headers of CONNECT may be given. */
  connect(login?: string, headers?: Readonly<Record<string, string>>): Promise<StompTestClient>
}

/** Ends all applications and clients after each test of the file; call it once, at its top. */
export function usePlugin(): (
  options?: HoofbeatOptions,
  prepare?: (app: FastifyInstance) => unknown,
) => Promise<PluginApplication> {
  const apps: FastifyInstance[] = []
  const clients: StompTestClient[] = []
  afterEach(async () => {
    for (const client of clients.splice(0)) client.link.close()
    await Promise.all(apps.splice(0).map((app) => app.close()))
  })
  return async (options = {}, prepare = () => {}) => {
    const log: string[] = []
    const app = Fastify({ logger: { level: 'debug', stream: { write: (line: string) => log.push(line) } } })
    apps.push(app)
    await app.register(hoofbeat, {
      allow: { send: ['/topic/**', '/queue/**', '/user/**'], subscribe: ['/topic/**', '/queue/**'] },
      authenticate: (connect) => connect.login,
      drainMs: 0,
      ...options,
    })
    await prepare(app)
    await app.ready()
    return {
      app,
      log,
      async connect(login, headers = {}) {
        const client = connectTestClient(app)
        clients.push(client)
        await client.connect(login === undefined ? headers : { login, ...headers })
        return client
      },
    }
  }
}

/** A SEND frame. */
export function send(destination: string, body = '', headers: Readonly<Record<string, string>> = {}): FrameInit {
  return { command: 'SEND', headers: { destination, ...headers }, body }
}

/** BEGIN, COMMIT or ABORT. */
export function transact(command: 'BEGIN' | 'COMMIT' | 'ABORT', transaction: string, receipt?: string): FrameInit {
  return { command, headers: receipt === undefined ? { transaction } : { transaction, receipt } }
}

/** ACK or NACK of a MESSAGE, as STOMP 1.2 has it. */
export function answer(
  command: 'ACK' | 'NACK',
  message: Frame,
  headers: Readonly<Record<string, string>> = {},
): FrameInit {
  return { command, headers: { id: message.headers.get('ack') ?? '', ...headers } }
}

/** The next frames in short: the text of a MESSAGE, `RECEIPT id`, or `ERROR code receipt-id`. */
export async function frames(client: StompTestClient, count: number): Promise<string[]> {
  const seen: string[] = []
  for (let i = 0; i < count; i++) seen.push(inShort(await client.next()))
  return seen
}

/** All frames that come, in short. */
export async function rest(client: StompTestClient): Promise<string[]> {
  return (await client.rest()).map(inShort)
}

function inShort({ command, headers, text }: Frame): string {
  switch (command) {
    case 'MESSAGE':
      return text
    case 'RECEIPT':
      return `RECEIPT ${headers.get('receipt-id')}`
    default:
      return [command, headers.get('code'), headers.get('receipt-id')].filter((part) => part !== undefined).join(' ')
  }
}

/** A promise that the test settles. */
export function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open: () => void = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A commit that waits for the test. */
export interface WaitingCommit {
  readonly changes: readonly StoreChange[]
  resolve(): void
  reject(error: unknown): void
}

/** A store that forgets everything, and whose commits wait for the test. */
export function createWaitingStore(): { readonly store: MessageStore; readonly commits: WaitingCommit[] } {
  const commits: WaitingCommit[] = []
  const store: MessageStore = {
    open: async () => ({ entries: [], notes: new Map(), wasClosed: true }),
    commit: (changes) =>
      new Promise<void>((resolve, reject) => {
        commits.push({ changes, resolve, reject })
      }),
    later: () => {},
    close: async () => {},
  }
  return { store, commits }
}
