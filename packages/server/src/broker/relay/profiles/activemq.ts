import type { DestinationSyntax } from '../../../destination/destination.js'
import type { BrokerProfile, HeaderLine } from '../profile.js'
import { createBrokerNames } from './broker-names.js'
import {
  createNodeTopics,
  namedSegments,
  plainKindOf,
  readDelivery,
  readPrefixed,
  refuseDurable,
  refusePattern,
  sentHeaders,
} from './dotted-profile.js'

/** What ActiveMQ adds to what was sent. */
const STRUCTURAL = new Set<string>()

/** Of a shared topic: so much may be under way to this node, before ActiveMQ holds up those who publish. */
const SHARED_PREFETCH = 32_766

/**
 * Besides words and wildcards: lists (`,`), options (`?`), links with a scheme (`:`), and spaces, which are trimmed.
 */
const ESCAPED = /[~.*>,?:%/\u0000-\u0020]/g

/**
 * ActiveMQ Classic, from 5.6 on. NACK makes a message a dead letter at once, in `/queue/ActiveMQ/DLQ`. Durable
 * subscriptions are not offered: ActiveMQ names them by connection, and clients share those.
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
      durableSubscriptions: false,
      history: false,
    },
    keepsSharedTopics: false,
    hasNacksInTransactions: false,
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
    subscribeOwn(request) {
      const { destination, headers, prefetch } = request
      refuseDurable(request)
      refusePattern(destination, syntax)
      const selector = headers.get('selector')
      const lines: HeaderLine[] = [
        ['destination', nameOf(destination)],
        ['ack', 'client-individual'],
        ['activemq.prefetchSize', `${prefetch}`],
      ]
      return selector === undefined ? lines : [...lines, ['selector', selector]]
    },
    unsubscribeShared: () => [],
    forgetDurable: () => [],
    read: (frame) => readDelivery(frame, readPrefixed(frame.headers.get('destination') ?? '', names), STRUCTURAL),
    nodeTopic: nodes.topic,
    nodeWord: nodes.word,
  }
}
