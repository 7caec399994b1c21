import type { Frame } from '@hoofbeat/codec'
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
  readonly listening: Pick<Leg, 'subscribe' | 'answer'>
  /** Takes it to the broker. */
  readonly publishing: Pick<Leg, 'send'>
}

/** The backbone of a relay, and the way in for what this node says. */
export interface RelayBackbone extends Backbone {
  /** Publishes below {@link NODES}; settles at the broker's RECEIPT. */
  publish(publication: Publication): Settled
  /** Ends all listening at the broker. */
  close(): void
}

/**
 * Makes the backbone. Topics of nodes, and the queues behind them, have names at the broker that are made of the cluster's
 * secret: no client can tell them, and what they carry is kept from every subscription of a client.
 */
export function createBackbone(parts: BackboneParts): RelayBackbone {
  const { nodeId, url, keys, profile, publishing } = parts
  const listening = new Set<() => void>()
  let lastNumber = 0
  return {
    nodeId,
    url,
    isAlone: keys.isAlone,
    key: (purpose) => keys.key(purpose),
    listen(topic, listener, isKept = false) {
      const queueName = `hoofbeat-nodes-${keys.word(`queue ${++lastNumber} of ${nodeId} at ${topic}`)}`
      const request = { word: keys.word(topic), queueName: isKept && profile.keepsSharedTopics ? queueName : undefined }
      const headers = profile.subscribeNode(request)
      const subscriber = new NodeSubscriber(listener, request.queueName !== undefined, parts)
      const subscription = parts.listening.subscribe(headers, subscriber)
      const close = (): void => {
        if (!listening.delete(close)) return
        subscriber.isOver = true
        subscription.end(profile.unsubscribeNode(request)).catch(() => {})
      }
      listening.add(close)
      return { settled: subscription.settled, close }
    },
    publish({ destination, headers, body }) {
      const lines = profile.sendNode(keys.word(destination.slice(NODES.length)), headers)
      // Who hears it knows by its seal what has come before.
      return publishing.send([{ command: 'SEND', headers: lines, body }], true, REPEATED)
    },
    close() {
      for (const close of [...listening]) close()
    },
  }
}

/**
 * What one node hears at one topic. A broker that keeps it while the connection is lost wants it acknowledged, and gives
 * again what was not, in what order it likes: whoever listens knows what has come before.
 */
class NodeSubscriber implements LegSubscriber {
  isOver = false
  readonly #listener: BackboneListener
  readonly #isKept: boolean
  readonly #parts: BackboneParts

  constructor(listener: BackboneListener, isKept: boolean, parts: BackboneParts) {
    this.#listener = listener
    this.#isKept = isKept
    this.#parts = parts
  }

  deliver(frame: Frame, connection: number): void {
    // What it was given and has not acknowledged goes with its queue.
    if (this.isOver) return
    const { profile, listening } = this.#parts
    const { headers, ack } = profile.read(frame)
    this.#listener.take(withoutRelayHeaders(headers), frame.body)
    if (!this.#isKept || ack === undefined) return
    listening.answer([{ command: 'ACK', headers: { id: ack } }], connection, false)?.catch(() => {})
  }

  lost(): void {}

  restored(unheardMs: number): void {
    const lastMs = this.#parts.profile.sharedTopicsLastMs ?? Number.POSITIVE_INFINITY
    if (!this.#isKept || unheardMs >= lastMs) this.#listener.missed()
  }

  refused(): void {
    this.#listener.missed()
  }
}
