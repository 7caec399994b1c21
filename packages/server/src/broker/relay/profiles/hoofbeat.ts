import { type Headers, headersFromFlat } from '@hoofbeat/codec'
import type { DestinationSyntax } from '../../../destination/destination.js'
import type { BrokerProfile, HeaderLine } from '../profile.js'
import { persistence, refuseDurable, refusePattern } from './dotted-profile.js'

const NODE_TOPICS = '/topic/hoofbeat-nodes-'

/** What a Hoofbeat server adds to what was sent. */
const ADDED = new Set([
  'subscription',
  'ack',
  'message-id',
  'destination',
  'redelivered',
  'delivery-count',
  'history-gap',
  'content-length',
])

/** What belongs to one frame of the sender alone. */
const OF_ONE_FRAME = new Set(['destination', 'receipt', 'transaction', 'content-length'])

/**
 * Another Hoofbeat server, with its embedded broker: names and headers are our own. Topics lie at or below `/topic`,
 * queues at or below `/queue`. Durable subscriptions are not offered: theirs are named by an id that a relay does not keep.
 */
export function hoofbeatProfile(syntax: DestinationSyntax): BrokerProfile {
  return {
    name: 'hoofbeat',
    capabilities: {
      wildcards: true,
      queues: true,
      transactions: true,
      selectors: true,
      durableSubscriptions: false,
      history: false,
    },
    keepsSharedTopics: false,
    kindOf(destination) {
      if (syntax.isBelow(destination, '/topic')) return 'topic'
      return syntax.isBelow(destination, '/queue') ? 'queue' : undefined
    },
    send: ({ destination, headers }) => [['destination', destination], ...kept(headers, OF_ONE_FRAME)],
    subscribeShared: ({ destination }) => [
      ['destination', destination],
      ['ack', 'auto'],
    ],
    subscribeOwn(request) {
      const { destination, headers, prefetch } = request
      refuseDurable(request)
      refusePattern(destination, syntax)
      const selector = headers.get('selector')
      const lines: HeaderLine[] = [
        ['destination', destination],
        ['ack', 'client-individual'],
        ['prefetch-count', `${prefetch}`],
      ]
      return selector === undefined ? lines : [...lines, ['selector', selector]]
    },
    unsubscribeShared: () => [],
    forgetDurable: () => [],
    read({ headers }) {
      const count = Number(headers.get('delivery-count'))
      return {
        destination: headers.get('destination'),
        messageId: headers.get('message-id') ?? '',
        ack: headers.get('ack'),
        isRedelivered: headers.get('redelivered') === 'true',
        deliveryCount: Number.isSafeInteger(count) ? count : undefined,
        headers: headersFromFlat(kept(headers, ADDED).flat()),
      }
    },
    sendNode: (word, headers) => [['destination', NODE_TOPICS + word], ...persistence(headers)],
    subscribeNode: ({ word }) => [
      ['destination', NODE_TOPICS + word],
      ['ack', 'auto'],
    ],
    unsubscribeNode: () => [],
    nodeTopic: (word) => NODE_TOPICS + word,
    nodeWord: (destination) =>
      destination.startsWith(NODE_TOPICS) ? destination.slice(NODE_TOPICS.length) : undefined,
  }
}

function kept({ flat }: Headers, without: ReadonlySet<string>): readonly HeaderLine[] {
  const lines: HeaderLine[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? ''
    if (!without.has(name)) lines.push([name, flat[i + 1] ?? ''])
  }
  return lines
}
