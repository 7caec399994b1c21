import { createHmac } from 'node:crypto'
import { createHeaders } from '@hoofbeat/codec'
import {
  type Backbone,
  type BackboneListener,
  type Broker,
  type Channel,
  NODES,
  type Publication,
  type Settled,
} from '../broker/broker.js'
import { StompError } from '../errors.js'
import type { FakeClock } from './fake-clock.js'

/** One publication that came to the broker. */
export interface HeardPublication {
  /** Undefined: from somebody who is no node. */
  readonly from: string | undefined
  readonly topic: string
  readonly body: Uint8Array
}

/** A broker that several nodes in one process have in common, as far as their backbones go, with its faults at hand. */
export interface TestBackbone {
  /** All that came, in order. */
  readonly heard: readonly HeardPublication[]
  /** How long a publication takes; one node's to one topic never overtake each other. @default 0, always some turns later */
  delayMs: (from: string | undefined, topic: string) => number
  /** Whether a publication is lost on its way to one node. @default none */
  isLost: (publication: HeardPublication, to: string) => boolean
  /** A node comes. Nodes with different secrets do not understand each other. */
  join(nodeId: string, options?: { readonly url?: URL; readonly secret?: string }): TestBackboneNode
  /** Somebody who can publish at the broker, but is no node, does so. */
  inject(topic: string, body: Uint8Array): void
}

/** One node's end of it. */
export interface TestBackboneNode {
  readonly backbone: Backbone
  /** For destinations below `NODES`. */
  publish(publication: Publication): Settled
  /** False: the broker is away for this node. What comes meanwhile is lost for it, what it publishes is refused. */
  isAvailable: boolean
  /** The broker of this node: `NODES` goes here, all else to `inner`. */
  around(inner: Broker): Broker
}

const NO_HEADERS = createHeaders()

interface Listening {
  readonly nodeId: string
  readonly listener: BackboneListener
}

/** Makes a broker without nodes. Times are those of the clock; turns of the event loop are real. */
export function createTestBackbone(clock: FakeClock): TestBackbone {
  const heard: HeardPublication[] = []
  const topics = new Map<string, Set<Listening>>()
  const nodes = new Map<string, TestBackboneNode>()
  /** When the last one of a publisher to a topic arrives. */
  const arrivalMs = new Map<string, number>()

  const arrive = (publication: HeardPublication): void => {
    for (const { nodeId, listener } of [...(topics.get(publication.topic) ?? [])]) {
      if (nodes.get(nodeId)?.isAvailable !== true || self.isLost(publication, nodeId)) continue
      // As from a connection: nobody shares bytes with anybody.
      listener.take(NO_HEADERS, Uint8Array.from(publication.body))
    }
  }
  const publish = (from: string | undefined, topic: string, body: Uint8Array): void => {
    const publication = { from, topic, body: Uint8Array.from(body) }
    heard.push(publication)
    const way = `${from} ${topic}`
    const dueMs = Math.max(clock.now() + self.delayMs(from, topic), arrivalMs.get(way) ?? 0)
    arrivalMs.set(way, dueMs)
    if (dueMs > clock.now()) clock.after(dueMs - clock.now(), () => arrive(publication))
    else clock.soon(() => arrive(publication))
  }
  const self: TestBackbone = {
    heard,
    delayMs: () => 0,
    isLost: () => false,
    inject: (topic, body) => publish(undefined, topic, body),
    join(nodeId, { url, secret = 'secret' } = {}) {
      const own = new Set<{ readonly topic: string; readonly listening: Listening }>()
      let isAvailable = true
      const node: TestBackboneNode = {
        backbone: {
          nodeId,
          url,
          key: (purpose) => createHmac('sha256', secret).update(purpose).digest(),
          listen(topic, listener) {
            const listening = { nodeId, listener }
            const entry = { topic, listening }
            own.add(entry)
            const all = topics.get(topic) ?? new Set()
            topics.set(topic, all.add(listening))
            return {
              settled: Promise.resolve(),
              close() {
                own.delete(entry)
                all.delete(listening)
              },
            }
          },
        },
        publish({ destination, body }) {
          if (!isAvailable) return Promise.reject(new StompError('STOMP_ERR_BROKER_UNAVAILABLE'))
          publish(nodeId, destination.slice(NODES.length), body)
          return new Promise((resolve) => clock.soon(resolve))
        },
        get isAvailable() {
          return isAvailable
        },
        set isAvailable(is) {
          const wasAway = !isAvailable
          isAvailable = is
          if (wasAway && is) for (const { listening } of own) listening.listener.missed()
        },
        around: (inner) => joined(inner, node),
      }
      nodes.set(nodeId, node)
      return node
    },
  }
  return self
}

function joined(inner: Broker, node: TestBackboneNode): Broker {
  const isForNodes = ({ destination }: { readonly destination?: string }): boolean =>
    destination?.startsWith(NODES) === true
  const publish = (publication: Publication): Settled =>
    isForNodes(publication) ? node.publish(publication) : inner.publish(publication)
  const channelOf = (channel: Channel): Channel => ({
    handle: (request) =>
      request.command === 'SEND' && isForNodes(request) ? node.publish(request) : channel.handle(request),
    commit(requests) {
      const forNodes = requests.flatMap((request) =>
        request.command === 'SEND' && isForNodes(request) ? [request] : [],
      )
      if (forNodes.length === 0) return channel.commit(requests)
      // The broker's part first: where it fails, nothing has happened.
      const others = requests.filter((request) => !(request.command === 'SEND' && isForNodes(request)))
      return Promise.all(forNodes.map((request) => node.publish(request))).then(() =>
        others.length === 0 ? undefined : channel.commit(others),
      )
    },
    ready: () => channel.ready(),
    detach: () => channel.detach(),
  })
  return {
    get capabilities() {
      return inner.capabilities
    },
    get admin() {
      return inner.admin
    },
    get isAvailable() {
      return node.isAvailable
    },
    backbone: node.backbone,
    isQueue: (destination) => inner.isQueue(destination),
    attach: (subscriber, owner) => channelOf(inner.attach(subscriber, owner)),
    publish,
    close: () => inner.close(),
  }
}
