import type { DestinationSyntax } from '../../../destination/destination.js'
import type { BrokerProfile, DestinationKind, HeaderLine } from '../profile.js'
import { createBrokerNames } from './broker-names.js'
import {
  createNodeTopics,
  namedSegments,
  plainKindOf,
  readDelivery,
  refusePattern,
  sentHeaders,
} from './dotted-profile.js'

/** What Artemis adds to what was sent. */
const STRUCTURAL = new Set(['destination-type'])

/** Besides words and wildcards: queues of addresses (`::`), and prefixes and names that Artemis has for itself. */
const ESCAPED = /[~.*#>,?:%/$&\u0000-\u0020]/g

const ROUTING: Readonly<Record<DestinationKind, string>> = { topic: 'MULTICAST', queue: 'ANYCAST' }

/** Artemis counts bytes, not messages: a message counts so many when a client has asked for so many messages. */
const BYTES_OF_ONE = 1_024

/** First word of the addresses of topics. */
const TOPICS = 'topic'

/**
 * Artemis, from 2.0 on. A queue is the address of its name (`orders.new` for `/queue/orders/new`), a topic that of its
 * name below `topic` (`topic.price.stock` for `/topic/price/stock`): an address that is both delivers to neither as it
 * should. Headers say what is meant, so an acceptor needs no prefixes. NACK would lose the message, and ACK cannot stand
 * in a transaction: both are refused. A durable subscription is a queue, `hoofbeat.<name>`, at the address of its topic.
 */
export function artemisProfile(syntax: DestinationSyntax): BrokerProfile {
  const rules = { syntax, escaped: ESCAPED, rest: '#' } as const
  const names = {
    topic: createBrokerNames(rules),
    queue: createBrokerNames({ ...rules, reserved: ['activemq', TOPICS] }),
  }
  const nodes = createNodeTopics('')
  const nameOf = (destination: string): string => {
    const segments = namedSegments(destination, syntax)
    return plainKindOf(destination, syntax) === 'queue'
      ? names.queue.write(segments)
      : `${TOPICS}.${names.topic.write(segments)}`
  }
  const readName = (name: string, routing: string | undefined): string | undefined => {
    if (routing === ROUTING.queue) return names.queue.read('/queue', name)
    return name.startsWith(`${TOPICS}.`) ? names.topic.read('/topic', name.slice(TOPICS.length + 1)) : undefined
  }
  return {
    name: 'artemis',
    capabilities: {
      wildcards: true,
      queues: true,
      transactions: true,
      selectors: true,
      durableSubscriptions: true,
      history: false,
    },
    keepsSharedTopics: false,
    hasNack: false,
    hasAcksInTransactions: false,
    // It names queues by this, and does not mind that many have it.
    connectHeaders: [['client-id', 'hoofbeat']],
    forgetDurable: (durableName) => [
      { command: 'UNSUBSCRIBE', headers: { id: 'none', 'durable-subscription-name': durableName } },
    ],
    durableError: (words) => (words.includes('AMQ339017') ? 'in-use' : undefined),
    kindOf: (destination) => plainKindOf(destination, syntax),
    send: ({ destination, headers }) => [
      ['destination', nameOf(destination)],
      ['destination-type', ROUTING[plainKindOf(destination, syntax) ?? 'topic']],
      ...sentHeaders(
        headers,
        (atMs) => ['expires', `${atMs}`],
        (reply) => (plainKindOf(reply, syntax) === undefined ? undefined : nameOf(reply)),
      ),
    ],
    subscribeShared: ({ destination }) => [
      ['destination', nameOf(destination)],
      ['subscription-type', ROUTING.topic],
      ['ack', 'auto'],
      ['consumer-window-size', '-1'],
    ],
    subscribeOwn({ destination, headers, prefetch, durableName }) {
      if (durableName === undefined) refusePattern(destination, syntax)
      const selector = headers.get('selector')
      const lines: HeaderLine[] = [
        ['destination', nameOf(destination)],
        ['subscription-type', durableName === undefined ? ROUTING.queue : ROUTING.topic],
        ['ack', 'client-individual'],
        // One at a time is asked for by no bytes at all.
        ['consumer-window-size', `${prefetch === 1 ? 0 : prefetch * BYTES_OF_ONE}`],
      ]
      if (durableName !== undefined) lines.push(['durable-subscription-name', durableName])
      // Headers are texts: their numbers are to be read as such.
      return selector === undefined ? lines : [...lines, ['selector', `convert_string_expressions:${selector}`]]
    },
    unsubscribeShared: () => [],
    read: (frame) =>
      readDelivery(
        frame,
        readName(frame.headers.get('destination') ?? '', frame.headers.get('destination-type')),
        STRUCTURAL,
      ),
    sendNode: (word, headers) => [...nodes.send(word, headers), ['destination-type', ROUTING.topic]],
    subscribeNode: ({ word }) => [
      ['destination', nodes.topic(word)],
      ['subscription-type', ROUTING.topic],
      ['ack', 'auto'],
      ['consumer-window-size', '-1'],
    ],
    unsubscribeNode: () => [],
    nodeTopic: nodes.topic,
    nodeWord: nodes.word,
  }
}
