import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { ClusterNodes } from './cluster.js'
import type { Tunnels } from './tunnels.js'

/** How an HTTP request gets to another node. */
export interface NodeWay {
  /** Where it goes; the path of the request is put behind it. */
  readonly url: URL
  /**
   * Makes its connection: to that address, and over the broker where there is none or it cannot be reached. A request
   * that fails before it has a socket was not sent.
   */
  readonly agent: HttpAgent
}

/** What the ways to other nodes need. */
export interface NodeWaysParts {
  readonly nodes: ClusterNodes
  readonly tunnels: Tunnels
  readonly now: () => number
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
  readonly log: { warn(details: object, text: string): void }
}

/** The ways to all other nodes. */
export interface NodeWays {
  /** Undefined: that node is not there. */
  to(node: string): NodeWay | undefined
  /** Ends all connections. */
  close(): void
}

/** How long a connection may take, in ms. */
const CONNECT_MS = 3_000
/** How long an address that could not be reached is not tried again, in ms. */
const AVOID_MS = 10_000
/** How long a node that could not be reached in any way is taken for one that cannot, in ms. */
const UNREACHABLE_MS = 2_000
/** From then on an idle connection is probed by TCP, so that a machine that vanished is noticed, in ms. */
const PROBE_MS = 10_000
/** Stands where a node has no address. */
const NOWHERE = new URL('http://node.invalid')

type Connected = (error: Error | null, stream: Duplex) => void

/** Makes the ways of this node to others; their connections end when a node is not there any more. */
export function createNodeWays(parts: NodeWaysParts): NodeWays {
  const { nodes } = parts
  const lanes = new Map<string, Lane>()
  const stopWatching = nodes.onChange(() => {
    for (const [id, lane] of lanes) {
      if (nodes.get(id)?.url?.href === lane.url?.href && nodes.get(id) !== undefined) continue
      lanes.delete(id)
      lane.close()
    }
  })
  return {
    to(id) {
      const node = nodes.get(id)
      if (node === undefined || id === nodes.self) return undefined
      const lane = lanes.get(id) ?? new Lane(id, node.url, parts)
      lanes.set(id, lane)
      return lane.way
    },
    close() {
      stopWatching()
      for (const lane of lanes.values()) lane.close()
      lanes.clear()
    },
  }
}

/** All connections to one node. */
class Lane {
  readonly url: URL | undefined
  readonly way: NodeWay
  readonly #id: string
  readonly #parts: NodeWaysParts
  /** Until when the address is not tried, in monotonic ms. */
  #avoidUntilMs = Number.NEGATIVE_INFINITY
  /** Until when nothing is tried. */
  #giveUpUntilMs = Number.NEGATIVE_INFINITY
  /** The address could not be reached the last time: one connection tries it again, while others go another way. */
  #isDoubted = false
  #isTrying = false

  constructor(id: string, url: URL | undefined, parts: NodeWaysParts) {
    this.#id = id
    this.url = url
    this.#parts = parts
    const agent = url?.protocol === 'https:' ? new SecureLaneAgent(this) : new LaneAgent(this)
    this.way = { url: url ?? NOWHERE, agent }
  }

  close(): void {
    this.way.agent.destroy()
  }

  /** Connects by `direct`, else over the broker. */
  connect(direct: () => Duplex | null | undefined, event: string, connected: Connected): void {
    const byBroker = (): void => {
      this.#parts.tunnels.dial(this.#id).then(
        (tunnel) => connected(null, tunnel),
        (error: Error) => {
          this.#giveUpUntilMs = this.#parts.now() + UNREACHABLE_MS
          connected(error, new Duplex())
        },
      )
    }
    if (this.#parts.now() < this.#giveUpUntilMs) {
      queueMicrotask(() => connected(new Error('the node could not be reached just now'), new Duplex()))
      return
    }
    const isAvoided = this.#parts.now() < this.#avoidUntilMs || (this.#isDoubted && this.#isTrying)
    if (this.url === undefined || isAvoided) return byBroker()
    this.#isTrying = true
    const reached = (socket: Duplex): void => {
      this.#isTrying = false
      this.#isDoubted = false
      if (socket instanceof Socket) socket.setKeepAlive(true, PROBE_MS)
      connected(null, socket)
    }
    this.#reach(direct, event).then(reached, (error: unknown) => {
      this.#isTrying = false
      this.#isDoubted = true
      this.#avoidUntilMs = this.#parts.now() + AVOID_MS
      const details = { err: error, node: this.#id, url: this.url?.href }
      this.#parts.log.warn(
        details,
        'another node cannot be reached at its address: what is for it goes over the broker',
      )
      byBroker()
    })
  }

  #reach(direct: () => Duplex | null | undefined, event: string): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const socket = direct()
      if (socket === null || socket === undefined) return reject(new Error('there is no connection'))
      const settle = (settled: () => void): void => {
        late.cancel()
        socket.off(event, reached).off('error', failed).off('close', closed)
        settled()
      }
      const reached = (): void => settle(() => resolve(socket))
      const failed = (error: Error): void => settle(() => reject(error))
      const closed = (): void => settle(() => reject(new Error('the connection was closed')))
      const late = this.#parts.after(CONNECT_MS, () => {
        // What it says after its end is nothing to anybody.
        socket.on('error', () => {})
        settle(() => reject(new Error('there was no connection in time')))
        socket.destroy()
      })
      socket.on(event, reached).on('error', failed).on('close', closed)
    })
  }
}

/** A connection is kept for the next request; one over the broker is not. */
class LaneAgent extends HttpAgent {
  readonly #lane: Lane

  constructor(lane: Lane) {
    super({ keepAlive: true })
    this.#lane = lane
  }

  override createConnection(...[options, connected = ignore]: Parameters<HttpAgent['createConnection']>): undefined {
    this.#lane.connect(() => super.createConnection(options), 'connect', connected)
  }

  override keepSocketAlive(socket: Duplex): boolean {
    if (!(socket instanceof Socket)) return false
    super.keepSocketAlive(socket)
    return true
  }
}

class SecureLaneAgent extends HttpsAgent {
  readonly #lane: Lane

  constructor(lane: Lane) {
    super({ keepAlive: true })
    this.#lane = lane
  }

  override createConnection(...[options, connected = ignore]: Parameters<HttpsAgent['createConnection']>): undefined {
    this.#lane.connect(() => super.createConnection(options), 'secureConnect', connected)
  }

  override keepSocketAlive(socket: Duplex): boolean {
    if (!(socket instanceof Socket)) return false
    super.keepSocketAlive(socket)
    return true
  }
}

function ignore(): void {}
