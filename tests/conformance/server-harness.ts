import type { Version } from '@hoofbeat/codec'
import hoofbeat, {
  type BrokerFactory,
  embeddedBroker,
  type MessageStore,
  memoryStore,
  StompError,
} from '@hoofbeat/server'
import { createFakeClock, type FakeClock, type LinkedEnd } from '@hoofbeat/server/testing'
import Fastify, { type FastifyInstance } from 'fastify'
import { openLink, openSocket, openWebSocket } from './carriers.js'
import { type Harness, LOCKED, ODD_NAMES, type OpenOptions, SECRET, SLOW_MS, type WireClient } from './harness.js'
import type { Transport } from './requirement.js'
import { type Arrivals, type Carrier, openWireClient } from './wire-client.js'

/** A broker that other processes are, in place of the one in this process: it has a time of its own, and keeps what it is given. */
export interface BrokerElsewhere {
  /** Makes the way to it, for a server and for those that follow it at a restart. */
  readonly open: BrokerFactory
  /** Resolves when all that was asked of it has had its effect, and has come back. */
  quiet(): Promise<void>
}

/** Starts a server of its own, on a port that the system chooses and with time that stands still. */
export async function createHarness(
  version: Version,
  transport: Transport,
  elsewhere?: BrokerElsewhere,
): Promise<Harness> {
  const parts = { clock: createFakeClock(), authorized: [], disconnected: [], store: memoryStore(), elsewhere }
  return new ServerHarness(version, transport, parts, await start(transport, parts))
}

/** Broader than what the broker and the routes serve: so that it is they who refuse what lies beside their prefixes. */
const OPEN = ['/topic/**', '/queue/*', '/topicfoo', '/apphello', '/elsewhere']

/** What lasts over a restart. */
interface LastingParts {
  readonly clock: FakeClock
  readonly authorized: string[]
  readonly disconnected: (string | undefined)[]
  readonly store: MessageStore
  readonly elsewhere: BrokerElsewhere | undefined
}

/** The application that {@link Harness} describes. */
async function createApplication(transport: Transport, parts: LastingParts): Promise<FastifyInstance> {
  const { clock, authorized, disconnected, store, elsewhere } = parts
  const app = Fastify()
  await app.register(hoofbeat, {
    clock,
    broker: elsewhere?.open ?? embeddedBroker({ store, history: [{ topics: '/topic/history/**' }] }),
    allow: { send: [...OPEN, '/user/**'], subscribe: OPEN },
    authenticate({ login, passcode }) {
      if (passcode === 'wrong') throw new StompError('STOMP_ERR_NOT_AUTHENTICATED')
      return login === 'forger' || login === 'padder' ? ODD_NAMES[login] : login
    },
    ...(transport === 'tcp' ? { tcp: { port: 0 } } : {}),
  })
  const authorize = ({ destination }: { readonly destination: string }): void => {
    authorized.push(destination)
    if (destination === '/topic/locked') throw new StompError('STOMP_ERR_FORBIDDEN', { message: LOCKED })
  }
  app.stomp.addHook('authorizeSend', authorize)
  app.stomp.addHook('authorizeSubscribe', authorize)
  app.stomp.addHook('onDisconnected', ({ user }) => disconnected.push(user?.name))
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

interface RunningServer {
  readonly app: FastifyInstance
  /** Connects a client's transport. */
  readonly dial: (options: OpenOptions, arrivals: Arrivals) => Promise<Carrier>
}

async function start(transport: Transport, parts: LastingParts): Promise<RunningServer> {
  const app = await createApplication(transport, parts)
  if (transport === 'websocket') {
    const address = await app.listen({ port: 0, host: '127.0.0.1' })
    const url = `${address.replace(/^http/, 'ws')}/stomp`
    return { app, dial: ({ protocols = [] }, arrivals) => openWebSocket(url, protocols, arrivals) }
  }
  await app.ready()
  if (transport === 'tcp') {
    const [address] = app.stomp.tcpAddresses
    if (address === undefined) throw new Error('nothing listens')
    return { app, dial: ({ lingers = false }, arrivals) => openSocket(address.port, lingers, arrivals) }
  }
  // Where the published test client, too, finds the way in without a port.
  const accept = app.getDecorator<(connection: LinkedEnd['connection']) => void>(Symbol.for('@hoofbeat/server accept'))
  return { app, dial: (_, arrivals) => openLink(accept, arrivals) }
}

/** The server's wheel ticks no finer, so a finer step would show nothing more. */
const STEP_MS = 100
/** Turns of the event loop in which whatever was written within this process has been read, and has had its effect. */
const QUIET_TURNS = 10
/** Real time in which a broker elsewhere may go on with what it ends with: time here must not run away from it. */
const MOMENT_MS = 2

class ServerHarness implements Harness {
  readonly version: Version
  readonly transport: Transport
  readonly authorized: readonly string[]
  readonly disconnected: readonly (string | undefined)[]
  readonly #parts: LastingParts
  readonly #clients: WireClient[] = []
  #server: RunningServer
  #ended: Promise<void> | undefined

  constructor(version: Version, transport: Transport, parts: LastingParts, server: RunningServer) {
    this.version = version
    this.transport = transport
    this.authorized = parts.authorized
    this.disconnected = parts.disconnected
    this.#parts = parts
    this.#server = server
  }

  async open(options: OpenOptions = {}): Promise<WireClient> {
    const { transport, version } = { transport: this.transport, version: this.version, ...options }
    const settled = async (): Promise<void> => {
      if (this.#parts.elsewhere !== undefined) await this.#quiet()
    }
    const client = await openWireClient({ version, transport, settled }, (arrivals) =>
      this.#server.dial(options, arrivals),
    )
    this.#clients.push(client)
    return client
  }

  async advance(ms: number): Promise<void> {
    await this.#quiet()
    for (let left = ms; left > 0; left -= STEP_MS) {
      this.#parts.clock.advance(Math.min(left, STEP_MS))
      await turns(1)
    }
    await this.#quiet()
  }

  sendToUser(name: string, destination: string, body: string): Promise<void> {
    return this.#server.app.stomp.sendToUser(name, destination, body)
  }

  shutdown(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  async restart(): Promise<void> {
    await this.shutdown()
    this.#server = await start(this.transport, this.#parts)
    this.#ended = undefined
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
    while (!isOver) {
      if (this.#parts.elsewhere === undefined) await this.advance(STEP_MS)
      else await this.#pass()
    }
    await over
  }

  async #quiet(): Promise<void> {
    await turns(QUIET_TURNS)
    await this.#parts.elsewhere?.quiet()
  }

  async #pass(): Promise<void> {
    this.#parts.clock.advance(STEP_MS)
    await new Promise((resolve) => setTimeout(resolve, MOMENT_MS))
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
