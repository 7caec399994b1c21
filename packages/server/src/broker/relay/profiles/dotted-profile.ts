import type { Frame, Headers } from '@hoofbeat/codec'
import { type DestinationSyntax, isPattern } from '../../../destination/destination.js'
import { StompError } from '../../../errors.js'
import { readExpiry } from '../../embedded/held-message.js'
import type { DestinationKind, HeaderLine, OwnSubscribeRequest, RelayedDelivery } from '../profile.js'
import type { BrokerNames } from './broker-names.js'
import { type HeaderRules, readRelayedHeaders, writeRelayedHeaders } from './relayed-headers.js'

/** What the profiles of brokers with dotted names have in common: `/topic/<name>` and `/queue/<name>`. */

/** The topic or queue that a destination of ours is, by its prefix; one without a name is none. */
export function plainKindOf(destination: string, syntax: DestinationSyntax): DestinationKind | undefined {
  const segments = syntax.segments(destination)
  if (segments === undefined || segments.length < 2) return undefined
  if (segments[0] === 'topic') return 'topic'
  return segments[0] === 'queue' ? 'queue' : undefined
}

/** The segments behind the prefix; throws where this broker serves nothing. */
export function namedSegments(destination: string, syntax: DestinationSyntax): readonly string[] {
  const segments = syntax.segments(destination) ?? []
  if (plainKindOf(destination, syntax) === undefined) {
    throw new StompError('STOMP_ERR_DESTINATION_UNKNOWN', {
      message: `Nothing is served at '${destination}'`,
      cure: 'Topics lie below /topic, queues below /queue.',
    })
  }
  return segments.slice(1)
}

/** A queue is named exactly. */
export function refusePattern(destination: string, syntax: DestinationSyntax): void {
  if (!isPattern(syntax.segments(destination) ?? [])) return
  throw new StompError('STOMP_ERR_DESTINATION_INVALID', {
    message: `A queue is named exactly, not by the pattern '${destination}'`,
    cure: 'Subscribe to one queue at a time; wildcards are for topics.',
  })
}

/** For brokers that keep durable subscriptions by connection, not by name. */
export function refuseDurable({ durableName }: Pick<OwnSubscribeRequest, 'durableName'>): void {
  if (durableName === undefined) return
  throw new StompError('STOMP_ERR_UNSUPPORTED', {
    message: 'Durable subscriptions are not offered over this broker',
    cure: 'Leave the header durable out, or use a queue.',
  })
}

/** The headers of a SEND behind its `destination`: the sender's, and what the broker is to know of them. */
export function sentHeaders(
  headers: Headers,
  expiry: (atMs: number) => HeaderLine | undefined,
  replyName: (destination: string) => string | undefined,
  rules?: HeaderRules,
): readonly HeaderLine[] {
  const lines = writeRelayedHeaders(headers, rules)
  const atMs = readExpiry(headers, Date.now())
  const expires = atMs === undefined ? undefined : expiry(atMs)
  if (expires !== undefined) lines.push(expires)
  const priority = headers.get('priority')
  if (priority !== undefined && /^[0-9]$/.test(priority)) lines.push(['priority', priority])
  const reply = headers.get('reply-to')
  const name = reply === undefined ? undefined : replyName(reply)
  if (name !== undefined) lines.push(['reply-to', name])
  return lines
}

/** Reads what is the same for all brokers. */
export function readDelivery(
  { headers }: Frame,
  destination: string | undefined,
  structural: ReadonlySet<string>,
  countHeader?: string,
  rules?: HeaderRules,
): RelayedDelivery {
  const count = countHeader === undefined ? undefined : headers.get(countHeader)
  return {
    destination,
    messageId: headers.get('message-id') ?? '',
    ack: headers.get('ack'),
    isRedelivered: headers.get('redelivered') === 'true',
    deliveryCount: count !== undefined && /^\d{1,9}$/.test(count) ? Number(count) + 1 : undefined,
    headers: readRelayedHeaders(headers, structural, rules),
  }
}

/** The name of a topic at which nodes hear each other: what no destination of ours is ever written as. */
export interface NodeTopics {
  topic(word: string): string
  word(brokerDestination: string): string | undefined
  /** The headers of a SEND there. */
  send(word: string, headers: Headers): readonly HeaderLine[]
}

/** Those below a prefix. A lone `~` before letters that are no digits is no escape, so no client's name begins so. */
export function createNodeTopics(prefix: string): NodeTopics {
  const start = `${prefix}hoofbeat~nodes.`
  return {
    topic: (word) => start + word,
    word: (destination) => (destination.startsWith(start) ? destination.slice(start.length) : undefined),
    send: (word, headers) => [['destination', start + word], ...persistence(headers)],
  }
}

/** All else that the nodes say to each other is sealed in the body. */
export function persistence(headers: Headers): readonly HeaderLine[] {
  return headers.get('persistent') === 'true' ? [['persistent', 'true']] : []
}

/** The destination of ours that a name stands for, by the prefix that the broker shows it with. */
export function readPrefixed(
  shown: string,
  names: { readonly topic: BrokerNames; readonly queue: BrokerNames },
): string | undefined {
  if (shown.startsWith('/topic/')) return names.topic.read('/topic', shown.slice('/topic/'.length))
  return shown.startsWith('/queue/') ? names.queue.read('/queue', shown.slice('/queue/'.length)) : undefined
}
