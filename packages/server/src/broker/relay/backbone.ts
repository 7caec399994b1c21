import { createHeaders, type Frame } from '@hoofbeat/codec'
import { type Backbone, type BackboneListener, NODES, type Publication, type Settled } from '../broker.js'
import type { ClusterKeys } from './cluster-keys.js'
import type { Leg, LegSubscriber } from './leg.js'
import type { BrokerProfile } from './profile.js'
import { REPEATED, withoutRelayHeaders } from './relayed-message.js'

/** What the nodes' own topics go through. */
export interface BackboneParts {
  readonly nodeId: string
  readonly url: URL | undefined
  readonly keys: ClusterKeys
  readonly profile: BrokerProfile
  /** Brings what the nodes say. */
  readonly listening: Pick<Leg, 'subscribe'>
  /** Takes it to the broker. */
  readonly publishing: Pick<Leg, 'send'>
}

/** The backbone of a relay, and the way in for what this node says. */
export interface RelayBackbone extends Backbone {
  /** Publishes below {@link NODES}; settles at the broker's RECEIPT. */
  publish(publication: Publication): Settled
}

/**
 * Makes the backbone. Topics of nodes have names at the broker that are made of the cluster's secret: no client can tell
 * them, and what they carry is kept from every subscription of a client.
 */
export function createBackbone(parts: BackboneParts): RelayBackbone {
  const { nodeId, url, keys, profile, listening, publishing } = parts
  const destinationOf = (topic: string): string => profile.nodeTopic(keys.word(topic))
  return {
    nodeId,
    url,
    key: (purpose) => keys.key(purpose),
    listen(topic, listener) {
      const headers = [['destination', destinationOf(topic)] as const, ['ack', 'auto'] as const]
      const subscription = listening.subscribe(headers, new NodeSubscriber(listener, profile))
      return {
        settled: subscription.settled,
        close: () => {
          subscription.end().catch(() => {})
        },
      }
    },
    publish({ destination, headers, body }) {
      const own = createHeaders([['destination', destinationOf(destination.slice(NODES.length))], ...headers])
      // Who hears it knows by its seal what has come before.
      return publishing.send([{ command: 'SEND', headers: own, body }], true, REPEATED)
    },
  }
}

class NodeSubscriber implements LegSubscriber {
  readonly #listener: BackboneListener
  readonly #profile: BrokerProfile

  constructor(listener: BackboneListener, profile: BrokerProfile) {
    this.#listener = listener
    this.#profile = profile
  }

  deliver(frame: Frame): void {
    const { headers } = this.#profile.read(frame)
    this.#listener.take(withoutRelayHeaders(headers), frame.body)
  }

  lost(): void {}

  restored(): void {
    this.#listener.missed()
  }

  refused(): void {
    this.#listener.missed()
  }
}
