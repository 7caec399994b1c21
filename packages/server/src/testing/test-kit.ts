import type { FastifyInstance } from 'fastify'
import { systemClock } from '../clock/clock.js'
import type { Peer } from '../connection/connection.js'
import { ACCEPT, type Endpoint } from '../endpoints/endpoint.js'
import type { UserLike } from '../hooks/user.js'
import { type Carrier, type CarrierReader, linkedCarrier } from './carrier.js'
import type { FakeClock } from './fake-clock.js'
import { injectWebSocket, type UpgradeOptions } from './injected-web-socket.js'
import { createTestClient } from './kit-client.js'
import { createPatience, everyChance, type Patience } from './patience.js'
import type { ConnectOptions, TestClient } from './test-client.js'

/** How a kit waits. */
export interface TestKitOptions {
  /** The clock that the plugin was given as option `clock`: for delays and heart-beats of the clients. @default real time */
  readonly clock?: FakeClock
  /**
   * How long in real time an awaited thing may take, in ms, beyond every chance within the process: for applications that
   * wait for a database, a file or a network. Nothing takes longer by it but what fails. @default 0
   */
  readonly patienceMs?: number
}

/** Who a client on a linked connection is, before it has said a word. Nobody asks `identify` or for the Origin there. */
export interface TestPeer {
  /** As `identify` would have given it. @default nobody was identified */
  readonly identity?: UserLike
  /** @default 'linked' */
  readonly transport?: Peer['transport']
  /** @default undefined */
  readonly remoteAddress?: string
}

/** Clients of one application, within the process: no ports, no sockets, no sleeping. */
export interface TestKit {
  /** Opens a client on a linked connection, and connects it. */
  connect(options?: ConnectOptions, peer?: TestPeer): Promise<TestClient>
  /** Opens a client on a linked connection. CONNECT is the test's to send. */
  open(peer?: TestPeer): TestClient
  /**
   * Opens a client through the application's own WebSocket door: its router and hooks, the check of the Origin,
   * `identify`, sub-protocols and the handshake are the real ones. CONNECT is the test's to send.
   *
   * @throws UpgradeRefused where the server does not open it; an Error where it says nothing, although it has had every
   * chance, and the `patienceMs` of the kit
   */
  openWebSocket(path: string, options?: UpgradeOptions): Promise<TestClient>
  /** Resolves when everything within the process has had every chance to happen. */
  settle(): Promise<void>
  /** Closes all clients, then the application, and resolves when both are gone. Virtual time goes on meanwhile. */
  close(): Promise<void>
}

/**
 * Makes the kit of an application in which the plugin is registered, and waits until that is ready.
 *
 * @throws TypeError if the plugin is not there
 */
export async function createTestKit(app: FastifyInstance, options: TestKitOptions = {}): Promise<TestKit> {
  await app.ready()
  if (!app.hasDecorator(ACCEPT)) {
    throw new TypeError(
      'the plugin is not registered in this application: `await app.register(hoofbeat, ...)`, and give the kit the instance that registered it',
    )
  }
  const accept = app.getDecorator<Endpoint['accept']>(ACCEPT)
  const { clock, patienceMs = 0 } = options
  const clients = new Set<TestClient>()
  const add = (openCarrier: (reader: CarrierReader) => Carrier): TestClient => {
    const client = createTestClient({ openCarrier, patienceMs, fakeClock: clock, clock: clock ?? systemClock })
    clients.add(client)
    return client
  }
  const patience = (): Patience => createPatience(patienceMs, () => clock?.isPassing === true)
  const open = (peer: TestPeer = {}): TestClient => add((reader) => linkedCarrier(accept, reader, peer))
  return {
    open,
    async connect(connectOptions, peer) {
      const client = open(peer)
      await client.connect(connectOptions)
      return client
    },
    openWebSocket: async (path, upgrade = {}) => add(await injectWebSocket(app, path, upgrade, patience())),
    settle: everyChance,
    async close() {
      await Promise.all([...clients].map((client) => client.close()))
      await closeInTime(app, clock)
    },
  }
}

const STEP_MS = 100

/** The longest that the plugin itself waits at its end is below this. */
const END_MS = 60_000

/** The application's end may wait for time to pass: other clients are drained, frames may be settled. */
async function closeInTime(app: FastifyInstance, clock: FakeClock | undefined): Promise<void> {
  let isClosed = false
  const closing = app.close().finally(() => {
    isClosed = true
  })
  // While time passes nobody looks at it; below it rejects whoever waits.
  closing.catch(() => {})
  for (let ms = 0; clock !== undefined && !isClosed && ms < END_MS; ms += STEP_MS) await clock.pass(STEP_MS)
  await closing
}
