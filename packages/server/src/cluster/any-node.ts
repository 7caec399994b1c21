import type { HttpPeers } from '@hoofbeat/sse'
import type { Backbone } from '../broker/broker.js'
import type { Clock } from '../clock/clock.js'
import type { SockJsPeers } from '../transports/sockjs/peers.js'
import { createClaimSeal } from './claim-seal.js'
import type { Bus, ClusterNodes } from './cluster.js'
import { createIntroduction } from './introduction.js'
import { createLinkPeers } from './link-peers.js'
import { createNodeWays } from './node-ways.js'
import { createNodeWarning } from './rare-warning.js'
import { createSockJsPeers } from './sockjs-nodes.js'
import { type HttpDoors, serveTunnels } from './tunnel-server.js'
import { createTunnels } from './tunnels.js'

/** What it takes that any node may get any request. */
export interface AnyNodeParts {
  readonly backbone: Pick<Backbone, 'key'>
  readonly nodes: ClusterNodes
  readonly bus: Bus
  readonly log: { warn(details: object, text: string): void }
  readonly clock: Clock
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
  /** How long others may take to say that they are there, when this node has come, in ms. @default 300 */
  readonly greetingMs?: number
}

/**
 * Lets any node get any request of the fallback and of SockJS: it is passed on to the node that has the link or the
 * session, by HTTP where that node has an address and can be reached there, else over the broker, by the same doors.
 */
export interface AnyNode {
  /** For the doors of the fallback. */
  readonly links: HttpPeers
  /** For the doors of SockJS. */
  readonly sockjs: SockJsPeers
  /**
   * Serves what other nodes send over the broker. Before this is called they are refused. To be called when this node is
   * about to say that it is there, which `said` resolves by; resolves when it knows who else is, 2 s later at most. Until
   * then requests of SockJS sessions wait.
   */
  serve(doors: HttpDoors, said?: Promise<void>): Promise<void>
  /** Ends what is under way between nodes. Harmless when repeated. */
  close(): void
}

/** Between two words of the log about the same node, in ms. */
const LOG_PAUSE_MS = 10_000

const UNTIMELY =
  'refused a request that another node has passed on: its clock seems to be ahead of this one by skewMs (below 0: behind). Set the clocks of all nodes by NTP, within 30 s of each other'

/** Makes the parts, and joins them. */
export function createAnyNode(parts: AnyNodeParts): AnyNode {
  const { backbone, nodes, bus, log, clock, after, greetingMs = 300 } = parts
  const now = (): number => clock.now()
  const epochMs = (): number => clock.epochMs()
  const tunnels = createTunnels({ bus, nodes, after })
  const ways = createNodeWays({ nodes, tunnels, now, after, log })
  let quietUntilMs = Number.NEGATIVE_INFINITY
  const failed = (node: string | undefined, error: unknown): void => {
    if (now() < quietUntilMs) return
    quietUntilMs = now() + LOG_PAUSE_MS
    log.warn(
      { err: error, node },
      'a request could not be passed on to another node: its client is asked to come again',
    )
  }
  const links = createLinkPeers({ key: backbone.key('peers'), nodes, ways, epochMs, failed })
  const warnUntimely = createNodeWarning(log, clock, UNTIMELY)
  const seal = createClaimSeal(backbone.key('sockjs'), nodes.self, epochMs, (node, skewMs) =>
    warnUntimely(node, { skewMs }),
  )
  const introduction = createIntroduction({ nodes, after, greetingMs })
  const sockjs = createSockJsPeers({ bus, nodes, ways, seal, now, after, introduced: () => introduction.pending })
  let stopServing = (): void => {}
  return {
    links,
    sockjs,
    serve(doors, said) {
      stopServing = serveTunnels(tunnels, doors)
      const introduced = introduction.begin(said)
      introduced.then(() => sockjs.begin())
      return introduced
    },
    close() {
      stopServing()
      introduction.end()
      links.close()
      sockjs.close()
      tunnels.close()
      ways.close()
    },
  }
}
