import type { DestinationSyntax } from '../../../destination/destination.js'
import { StompError } from '../../../errors.js'
import type { BrokerProfile, HeaderLine } from '../profile.js'
import {
  namedSegments,
  plainKindOf,
  readDelivery,
  readPrefixed,
  refuseDurable,
  refusePattern,
  sentHeaders,
} from './dotted-profile.js'
import { createJavaNames } from './java-names.js'
import type { HeaderRules } from './relayed-headers.js'

/** What Open MQ adds to what was sent. */
const STRUCTURAL = new Set(['JMSXDeliveryCount'])

/** `mq.` begins the names of what the broker tells of itself. */
const RESERVED = new Set(['mq'])

/** Its bridge reads lines of at most 10 KiB; names of so many characters were seen to work. */
const MAX_NAME_LENGTH = 4_000

/** Words of selectors, which are no names of properties. */
const KEYWORDS = /^(?:NULL|TRUE|FALSE|NOT|AND|OR|BETWEEN|LIKE|IN|IS|ESCAPE)$/i

/** Headers become properties of JMS, named by identifiers, in no order; some set what JMS itself has. */
const HEADERS: HeaderRules = {
  isName: (name) => name === 'correlation-id' || (/^[A-Za-z_]\w*$/.test(name) && !KEYWORDS.test(name)),
  keepsHeaders: false,
}

/** A lone `$` before letters that are no digits is no escape, so no client's name begins so. */
const NODE_TOPICS = '/topic/hoofbeat$nodes.'

/**
 * Open Message Queue (Eclipse OpenMQ) with its STOMP bridge. It serves topics alone. A queue can be sent to, for readers
 * that are the broker's own, and not be subscribed to: the bridge answers the ACK of a single message by an ERROR, has
 * no NACK, and gives a subscription all that a queue has, however little the client can take. Transactions are not
 * offered, since the bridge commits what is left of one in which a SEND has failed. Heart-beats it has none.
 */
export function openmqProfile(syntax: DestinationSyntax): BrokerProfile {
  const plain = createJavaNames({ syntax, reserved: RESERVED, maxLength: MAX_NAME_LENGTH })
  const names = { topic: plain, queue: plain }
  const nameOf = (destination: string): string =>
    `/${plainKindOf(destination, syntax) ?? 'topic'}/${plain.write(namedSegments(destination, syntax))}`
  const nodeTopic = (word: string): string => NODE_TOPICS + word.replaceAll('-', '_')
  return {
    name: 'openmq',
    capabilities: {
      wildcards: true,
      queues: false,
      transactions: false,
      selectors: true,
      durableSubscriptions: false,
      history: false,
    },
    keepsSharedTopics: false,
    hasNack: false,
    kindOf: (destination) => plainKindOf(destination, syntax),
    send: ({ destination, headers }) => [
      ['destination', nameOf(destination)],
      ...sentHeaders(
        headers,
        // From now on; nothing would be for ever.
        (atMs) => ['expires', `${Math.max(1, atMs - Date.now())}`],
        (reply) => (plainKindOf(reply, syntax) === undefined ? undefined : nameOf(reply)),
        HEADERS,
      ),
    ],
    subscribeShared: ({ destination }) => topic(nameOf(destination)),
    subscribeOwn(request) {
      refuseDurable(request)
      refusePattern(request.destination, syntax)
      throw new StompError('STOMP_ERR_UNSUPPORTED', {
        message: 'Queues cannot be subscribed to over this broker',
        cure: 'Use a topic. What is sent to a queue is for readers of the broker itself.',
      })
    },
    unsubscribeShared: () => [],
    forgetDurable: () => [],
    read: (frame) =>
      readDelivery(frame, readPrefixed(frame.headers.get('destination') ?? '', names), STRUCTURAL, undefined, HEADERS),
    sendNode: (word) => [['destination', nodeTopic(word)]],
    subscribeNode: ({ word }) => topic(nodeTopic(word)),
    unsubscribeNode: () => [],
    nodeTopic,
    nodeWord: (destination) =>
      destination.startsWith(NODE_TOPICS) ? destination.slice(NODE_TOPICS.length).replaceAll('_', '-') : undefined,
  }
}

const topic = (name: string): HeaderLine[] => [
  ['destination', name],
  ['ack', 'auto'],
]
