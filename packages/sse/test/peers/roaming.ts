import { WebSocket } from 'ws'
import { createHttpLink, type HttpLink } from '../../src/client/http-link.js'
import type { RungName } from '../../src/client/options.js'
import type { Surroundings } from '../../src/client/surroundings.js'
import type { ClusterNode } from './cluster.js'
import { PATH } from './cluster.js'

/** How a client roams. */
export interface RoamingOptions {
  readonly rungs: readonly RungName[]
  /** Nodes that may be asked now. */
  readonly nodes: () => readonly ClusterNode[]
  readonly seed?: number
  /** Time goes so much faster for the client. @default 1 */
  readonly speed?: number
}

/** A client whose every request goes to another node, as a balancer without memory sends it. */
export class Roaming {
  readonly link: HttpLink
  readonly got: string[] = []
  readonly sockets: WebSocket[] = []
  /** How many requests went to each node, by its origin. */
  readonly visits = new Map<string, number>()
  readonly opened: Promise<void>
  readonly closed: Promise<{ readonly code: number }>
  closedBy: number | undefined

  constructor({ rungs, nodes, seed = 1, speed = 1 }: RoamingOptions) {
    const random = chance(seed)
    const roaming = this
    const pick = (): string => {
      const origins = nodes().map(({ origin }) => origin)
      const origin = origins[Math.floor(random() * origins.length)] ?? 'http://127.0.0.1:9'
      this.visits.set(origin, (this.visits.get(origin) ?? 0) + 1)
      return origin
    }
    class RoamingSocket extends WebSocket {
      constructor(_url: string, protocols: string[]) {
        super(pick().replace('http', 'ws') + PATH, protocols, { perMessageDeflate: false })
        roaming.sockets.push(this)
      }
    }
    const surroundings: Surroundings = {
      now: () => performance.now() * speed,
      after(delayMs, run) {
        const timer = setTimeout(run, delayMs / speed)
        return () => clearTimeout(timer)
      },
      random,
      fetch: (input, init) => fetch(String(input).replace('http://cluster.invalid', pick()), init),
      // Its types say more of events than a carrier needs.
      WebSocket: RoamingSocket as unknown as NonNullable<Surroundings['WebSocket']>,
    }
    this.link = createHttpLink(`http://cluster.invalid${PATH}`, { rungs }, surroundings)
    this.link.onmessage = ({ data }) => this.got.push(typeof data === 'string' ? data : 'bytes')
    this.opened = new Promise((resolve) => {
      this.link.onopen = () => resolve()
    })
    this.closed = new Promise((resolve) => {
      this.link.onclose = ({ code }) => {
        this.closedBy = code
        resolve({ code })
      }
    })
  }
}

/** Numbers from 0 to 1 that look like chance and are the same for each seed (mulberry32). */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
