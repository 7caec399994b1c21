import type { Version } from '@hoofbeat/codec'
import hoofbeat, { StompError } from '@hoofbeat/server'
import { createFakeClock, type FakeClock } from '@hoofbeat/server/testing'
import Fastify, { type FastifyInstance } from 'fastify'
import {
  type Harness,
  LOCKED,
  ODD_NAMES,
  type OpenOptions,
  SECRET,
  SLOW_MS,
  type Transport,
  type WireClient,
} from './harness.js'
import { openSocketClient } from './socket-client.js'

/** The doors over which the server cells run. */
export const TRANSPORTS: readonly Transport[] = ['websocket']

/** Starts a server of its own, on a port that the system chooses and with time that stands still. */
export async function createHarness(version: Version, transport: Transport): Promise<Harness> {
  const clock = createFakeClock()
  const authorized: string[] = []
  const app = await createApplication(clock, authorized)
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `${address.replace(/^http/, 'ws')}/stomp`
  return new SocketHarness(version, transport, { app, clock, authorized, url })
}

/** Broader than what the broker and the routes serve: so that it is they who refuse what lies beside their prefixes. */
const OPEN = ['/topic/**', '/topicfoo', '/apphello', '/elsewhere']

/** The application that {@link Harness} describes. */
async function createApplication(clock: FakeClock, authorized: string[]): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(hoofbeat, {
    clock,
    allow: { send: OPEN, subscribe: OPEN },
    authenticate({ login, passcode }) {
      if (passcode === 'wrong') throw new StompError('STOMP_ERR_NOT_AUTHENTICATED')
      return login === 'forger' || login === 'padder' ? ODD_NAMES[login] : login
    },
  })
  const authorize = ({ destination }: { readonly destination: string }): void => {
    authorized.push(destination)
    if (destination === '/topic/locked') throw new StompError('STOMP_ERR_FORBIDDEN', { message: LOCKED })
  }
  app.stomp.addHook('authorizeSend', authorize)
  app.stomp.addHook('authorizeSubscribe', authorize)
  app.stomp.message('/hello', { sendTo: '/topic/greetings' }, ({ body }) => {
    const name = typeof body === 'object' && body !== null && 'name' in body ? String(body.name) : 'nobody'
    return { content: `Hello, ${name}!` }
  })
  app.stomp.message('/slow', { sendTo: '/topic/slow' }, async () => {
    await elapse(clock, SLOW_MS)
    return { slow: true }
  })
  app.stomp.message('/stuck', () => new Promise(() => {}))
  app.stomp.message('/broken', () => {
    throw new Error(SECRET)
  })
  app.stomp.subscription('/now', () => ({ now: 0 }))
  return app
}

/** Resolves when the clock has moved on by `ms`. */
function elapse(clock: FakeClock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = clock.every(ms, () => {
      stop()
      resolve()
    })
  })
}

/** The server's wheel ticks no finer, so a finer step would show nothing more. */
const STEP_MS = 100
/** Turns of the event loop in which whatever was written within this process has been read, and has had its effect. */
const QUIET_TURNS = 10

interface RunningServer {
  readonly app: FastifyInstance
  readonly clock: FakeClock
  readonly authorized: readonly string[]
  readonly url: string
}

class SocketHarness implements Harness {
  readonly version: Version
  readonly transport: Transport
  readonly authorized: readonly string[]
  readonly #server: RunningServer
  readonly #clients: WireClient[] = []
  #ended: Promise<void> | undefined

  constructor(version: Version, transport: Transport, server: RunningServer) {
    this.version = version
    this.transport = transport
    this.authorized = server.authorized
    this.#server = server
  }

  async open({ version = this.version, protocols = [] }: OpenOptions = {}): Promise<WireClient> {
    const client = await openSocketClient(this.#server.url, version, protocols)
    this.#clients.push(client)
    return client
  }

  async advance(ms: number): Promise<void> {
    await turns(QUIET_TURNS)
    for (let left = ms; left > 0; left -= STEP_MS) {
      this.#server.clock.advance(Math.min(left, STEP_MS))
      await turns(1)
    }
    await turns(QUIET_TURNS)
  }

  shutdown(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.leave()
    await this.shutdown()
  }

  async #end(): Promise<void> {
    let isOver = false
    const over = this.#server.app.close().finally(() => {
      isOver = true
    })
    while (!isOver) await this.advance(STEP_MS)
    await over
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
