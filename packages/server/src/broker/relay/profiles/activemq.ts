import type { DestinationSyntax } from '../../../destination/destination.js'
import type { BrokerProfile, HeaderLine } from '../profile.js'
import { createBrokerNames } from './broker-names.js'
import {
  createNodeTopics,
  namedSegments,
  plainKindOf,
  readDelivery,
  readPrefixed,
  refusePattern,
  sentHeaders,
} from './dotted-profile.js'

/** What ActiveMQ adds to what was sent. */
const STRUCTURAL = new Set<string>()

/** Of a shared topic: so much may be under way to this node, before ActiveMQ holds up those who publish. */
const SHARED_PREFETCH = 32_766

/** What the one durable subscription of a connection is called: the connection's client-id tells them apart. */
const DURABLE = 'hoofbeat'

/**
 * Besides words and wildcards: lists (`,`), options (`?`), links with a scheme (`:`), and spaces, which are trimmed.
 */
const ESCAPED = /[~.*>,?:%/\u0000-\u0020]/g

/**
 * ActiveMQ Classic, from 5.6 on. NACK makes a message a dead letter at once, in `/queue/ActiveMQ/DLQ`. A durable
 * subscription belongs to a client-id, which one connection may have: so each of them has a connection for itself.
 */
export function activemqProfile(syntax: DestinationSyntax): BrokerProfile {
  const rules = { syntax, escaped: ESCAPED, rest: '>' } as const
  // Advisories tell of everything that others do.
  const names = { topic: createBrokerNames({ ...rules, reserved: ['ActiveMQ'] }), queue: createBrokerNames(rules) }
  const nodes = createNodeTopics('/topic/')
  const nameOf = (destination: string): string => {
    const kind = plainKindOf(destination, syntax) ?? 'topic'
    return `/${kind}/${names[kind].write(namedSegments(destination, syntax))}`
  }
  return {
    name: 'activemq',
    capabilities: {
      wildcards: true,
      queues: true,
      transactions: true,
      selectors: true,
      durableSubscriptions: true,
      history: false,
    },
    keepsSharedTopics: false,
    hasNacksInTransactions: false,
    connectDurable: (durableName) => [['client-id', durableName]],
    forgetDurable: () => [{ command: 'UNSUBSCRIBE', headers: { id: 'none', 'activemq.subscriptionName': DURABLE } }],
    durableError(words) {
      if (words.includes('already connected')) return 'in-use'
      return words.startsWith('No durable subscription exists') ? 'unknown' : undefined
    },
    kindOf: (destination) => plainKindOf(destination, syntax),
    send: ({ destination, headers }) => [
      ['destination', nameOf(destination)],
      ...sentHeaders(
        headers,
        (atMs) => ['expires', `${atMs}`],
        (reply) => (plainKindOf(reply, syntax) === undefined ? undefined : nameOf(reply)),
      ),
    ],
    subscribeShared: ({ destination }) => [
      ['destination', nameOf(destination)],
      ['ack', 'auto'],
      ['activemq.prefetchSize', `${SHARED_PREFETCH}`],
    ],
    subscribeOwn({ destination, headers, prefetch, durableName }) {
      if (durableName === undefined) refusePattern(destination, syntax)
      const selector = headers.get('selector')
      const lines: HeaderLine[] = [
        ['destination', nameOf(destination)],
        ['ack', 'client-individual'],
        ['activemq.prefetchSize', `${prefetch}`],
      ]
      if (durableName !== undefined) lines.push(['activemq.subscriptionName', DURABLE])
      return selector === undefined ? lines : [...lines, ['selector', selector]]
    },
    unsubscribeShared: () => [],
    read: (frame) => readDelivery(frame, readPrefixed(frame.headers.get('destination') ?? '', names), STRUCTURAL),
    sendNode: nodes.send,
    subscribeNode: ({ word }) => [
      ['destination', nodes.topic(word)],
      ['ack', 'auto'],
      ['activemq.prefetchSize', `${SHARED_PREFETCH}`],
    ],
    unsubscribeNode: () => [],
    nodeTopic: nodes.topic,
    nodeWord: nodes.word,
  }
}
