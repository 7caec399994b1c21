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
  /**
   * What comes for a node while the broker is away for it, at a topic that it wants to be kept. lost: it is told that it has
   * missed something, as at other topics. kept: it is given what came last once more, and what came meanwhile, and told
   * nothing. jumbled: the same, but the newer half of it first. @default 'lost'
   */
  meanwhile: 'lost' | 'kept' | 'jumbled'
  /** A node comes. Nodes with different secrets do not understand each other. */
  join(
    nodeId: string,
    options?: { readonly url?: URL; readonly secret?: string; readonly isAlone?: boolean },
  ): TestBackboneNode
  /** Somebody who can publish at the broker, but is no node, does so. */
  inject(topic: string, body: Uint8Array): void
}

/** One node's end of it. */
export interface TestBackboneNode {
  readonly backbone: Backbone
  /** For destinations below `NODES`. */
  publish(publication: Publication): Settled
  /** False: the broker is away for this node. What it publishes is refused; for what comes see `meanwhile`. */
  isAvailable: boolean
  /** The broker of this node: `NODES` goes here, all else to `inner`. */
  around(inner: Broker): Broker
}

const NO_HEADERS = createHeaders()

interface Listening {
  readonly nodeId: string
  readonly listener: BackboneListener
  readonly isKept: boolean
  /** What it was given last, and what waits for it. */
  readonly given: Uint8Array[]
  readonly kept: Uint8Array[]
}

/** How much of what a node was given comes again. */
const REPEATED = 3

/** Makes a broker without nodes. Times are those of the clock; turns of the event loop are real. */
export function createTestBackbone(clock: FakeClock): TestBackbone {
  const heard: HeardPublication[] = []
  const topics = new Map<string, Set<Listening>>()
  const nodes = new Map<string, TestBackboneNode>()
  /** When the last one of a publisher to a topic arrives. */
  const arrivalMs = new Map<string, number>()

  const arrive = (publication: HeardPublication): void => {
    for (const { nodeId, listener, isKept, given, kept } of [...(topics.get(publication.topic) ?? [])]) {
      if (self.isLost(publication, nodeId)) continue
      if (nodes.get(nodeId)?.isAvailable !== true) {
        if (isKept && self.meanwhile !== 'lost') kept.push(publication.body)
        continue
      }
      given.push(publication.body)
      if (given.length > REPEATED) given.shift()
      // As from a connection: nobody shares bytes with anybody.
      listener.take(NO_HEADERS, Uint8Array.from(publication.body))
    }
  }
  const giveAgain = ({ listener, given, kept }: Listening): void => {
    const all = [...given, ...kept.splice(0)]
    const half = self.meanwhile === 'jumbled' ? Math.ceil(all.length / 2) : 0
    for (const body of [...all.slice(half), ...all.slice(0, half)]) listener.take(NO_HEADERS, Uint8Array.from(body))
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
    meanwhile: 'lost',
    inject: (topic, body) => publish(undefined, topic, body),
    join(nodeId, { url, secret = 'secret', isAlone = false } = {}) {
      const own = new Set<{ readonly topic: string; readonly listening: Listening }>()
      let isAvailable = true
      const node: TestBackboneNode = {
        backbone: {
          nodeId,
          url,
          isAlone,
          key: (purpose) => createHmac('sha256', secret).update(purpose).digest(),
          listen(topic, listener, isKept = false) {
            const listening = { nodeId, listener, isKept, given: [], kept: [] }
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
          if (!wasAway || !is) return
          for (const { listening } of own) {
            if (!listening.isKept || self.meanwhile === 'lost') listening.listener.missed()
            else clock.soon(() => giveAgain(listening))
          }
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
