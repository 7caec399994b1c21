import type { DestinationSyntax } from '../../../destination/destination.js'
import { StompError } from '../../../errors.js'
import type { BrokerProfile, DestinationKind, HeaderLine } from '../profile.js'
import { createBrokerNames, escapeOne } from './broker-names.js'
import {
  createNodeTopics,
  namedSegments,
  plainKindOf,
  readDelivery,
  readPrefixed,
  refusePattern,
  sentHeaders,
} from './dotted-profile.js'

/** What exists at the broker besides topics and queues, for those who may use it. */
export interface RabbitmqProfileOptions {
  /**
   * Exchanges that are served as topics below `/exchange/<name>`. Each of them must exist: RabbitMQ ends the connection
   * that names one that does not, and all clients share it. @default none
   */
  readonly exchanges?: readonly string[]
  /** Queues made by others that are served below `/amq/queue/<name>`. Each of them must exist. @default none */
  readonly queues?: readonly string[]
  /**
   * RabbitMQ's `consumer_timeout`, in ms: who leaves a message unacknowledged for so long loses the connection, which is
   * that of many clients. A session that comes near it is ended by the node alone. 0: the broker has none. @default 1800000
   */
  readonly consumerTimeoutMs?: number
}

/** What RabbitMQ adds to what was sent. */
const STRUCTURAL = new Set(['x-delivery-count'])

/** Besides words: wildcards, and what the plugin takes for parts of a path or for escapes of its own. */
const ESCAPED = /[~.*#%/]/g

/** Queues behind subscriptions to topics, RabbitMQ's and those of the nodes: who reads them takes from others. */
const OTHERS_QUEUES = /^\/queue\/(?:stomp-subscription|hoofbeat|amq)[-./]/

/** RabbitMQ refuses to wait longer than this (about 50 days), and ends the connection. */
const MAX_EXPIRATION_MS = 4_294_967_295

/** Routing keys and names of queues. */
const MAX_NAME_BYTES = 255

/** A topic at which nothing comes. */
const NOTHING = '/topic/hoofbeat~none'

/** So that no more than one message moves. */
const ONE = { ack: 'client-individual', 'prefetch-count': '1' }

/** How long the queue of a shared topic outlives the connection of its node. */
const SHARED_LASTS_MS = 60_000
/** Of a shared topic: so much may be under way to this node and not acknowledged. */
const SHARED_PREFETCH = 2_000
/** The same of a topic of the nodes: a connection that is lost and not missed yet at RabbitMQ holds up so much. */
const NODE_PREFETCH = 500

/**
 * RabbitMQ with its plugin rabbitmq_stomp. Topics are those of the exchange `amq.topic`. A shared topic has a queue of its
 * own for each node, which lasts over a loss of the connection, or of the broker, of at most a minute; so has a topic of
 * the nodes, and a durable subscription, which lasts until it is ended. A topic of a client with a connection of its own has
 * a queue of that connection. Selectors are for topics: RabbitMQ has none for queues.
 */
export function rabbitmqProfile(
  syntax: DestinationSyntax,
  { exchanges = [], queues = [], consumerTimeoutMs = 1_800_000 }: RabbitmqProfileOptions = {},
): BrokerProfile {
  const plain = createBrokerNames({ syntax, escaped: ESCAPED, rest: '#', maxBytes: MAX_NAME_BYTES })
  const names = { topic: plain, queue: plain }
  const nodes = createNodeTopics('/topic/')

  /** `/exchange/<name>/<key>`, the name as it is, the key as a topic has it. */
  const exchangeOf = (destination: string): { readonly name: string; readonly key: readonly string[] } | undefined => {
    const found = exchanges.find(
      (name) => destination === `/exchange/${name}` || destination.startsWith(`/exchange/${name}/`),
    )
    if (found === undefined) return undefined
    const key = destination.slice(`/exchange/${found}`.length)
    return { name: found, key: key === '' ? [] : (syntax.segments(`/x${key}`) ?? []).slice(1) }
  }
  const queueOf = (destination: string): string | undefined =>
    queues.find((name) => destination === `/amq/queue/${name}`)

  const kindOf = (destination: string): DestinationKind | undefined => {
    if (exchangeOf(destination) !== undefined) return 'topic'
    if (queueOf(destination) !== undefined) return 'queue'
    return OTHERS_QUEUES.test(destination) ? undefined : plainKindOf(destination, syntax)
  }
  const nameOf = (destination: string): string => {
    const exchange = exchangeOf(destination)
    if (exchange !== undefined) {
      const start = `/exchange/${exchange.name}`
      return exchange.key.length === 0 ? start : `${start}/${plain.write(exchange.key)}`
    }
    if (queueOf(destination) !== undefined) return destination
    return `/${plainKindOf(destination, syntax) ?? 'topic'}/${plain.write(namedSegments(destination, syntax))}`
  }
  const readName = (shown: string): string | undefined => {
    const name = decode(shown)
    const exchange = exchanges.find((each) => name.startsWith(`/exchange/${each}/`))
    if (exchange === undefined) {
      return exchanges.some((each) => name === `/exchange/${each}`) ? name : readPrefixed(name, names)
    }
    const start = `/exchange/${exchange}`
    const key = plain.read('/x', name.slice(start.length + 1))
    return key === undefined ? undefined : start + key.slice('/x'.length)
  }

  return {
    name: 'rabbitmq',
    capabilities: {
      wildcards: true,
      queues: true,
      transactions: true,
      selectors: true,
      durableSubscriptions: true,
      history: false,
    },
    keepsSharedTopics: true,
    sharedTopicsLastMs: SHARED_LASTS_MS,
    // They wait in its queue: the consumer has credit for a few hundred messages that were not written.
    waitsForReaders: true,
    ...(consumerTimeoutMs > 0 ? { answersWithinMs: safelyWithin(consumerTimeoutMs) } : {}),
    // A cancelled consumer keeps what it was given until its connection ends, and it alone can be named by a NACK.
    givesBackThrough: [
      ['destination', NOTHING],
      ['ack', 'client-individual'],
    ],
    forgetDurable(durableName) {
      const queue = durableQueue(durableName)
      return [
        // It is refused where there is none; else nothing comes, as the end of this one follows at once.
        { command: 'SUBSCRIBE', headers: { id: '1', destination: `/amq/queue/${queue}`, ...ONE } },
        { command: 'UNSUBSCRIBE', headers: { id: '1' } },
        // Whoever unsubscribes from a topic may name the queue that is to go with it.
        { command: 'SUBSCRIBE', headers: { id: '2', destination: NOTHING } },
        { command: 'UNSUBSCRIBE', headers: [['id', '2'], ...kept(queue)] },
      ]
    },
    durableError: (words) => (words.startsWith('not_found') ? 'unknown' : undefined),
    kindOf,
    send: ({ destination, headers }) => [
      ['destination', nameOf(destination)],
      ...sentHeaders(
        headers,
        (atMs) => {
          const leftMs = Math.max(0, atMs - Date.now())
          return leftMs > MAX_EXPIRATION_MS ? undefined : ['expiration', `${leftMs}`]
        },
        (reply) => (kindOf(reply) === undefined ? undefined : nameOf(reply)),
      ),
    ],
    subscribeShared({ destination, queueName }) {
      const line = ['destination', nameOf(destination)] as const
      // Acknowledgement of each message more than doubles what a delivery costs RabbitMQ: worth it for all clients of a node.
      if (queueName === undefined) return [line, ['ack', 'auto']]
      return [
        line,
        ...kept(queueName),
        ['x-expires', `${SHARED_LASTS_MS}`],
        // Without acknowledgement what is under way when a connection is lost would be lost too. One by one: with `client`
        // an ACK counts for all subscriptions of the connection, whose own ACKs RabbitMQ then takes for errors.
        ['ack', 'client-individual'],
        ['prefetch-count', `${SHARED_PREFETCH}`],
      ]
    },
    subscribeOwn({ destination, headers, prefetch, durableName }) {
      const lines: HeaderLine[] = [
        ['destination', nameOf(destination)],
        ['ack', 'client-individual'],
        ['prefetch-count', `${prefetch}`],
      ]
      if (durableName === undefined) refusePattern(destination, syntax)
      if (headers.has('selector')) {
        throw new StompError('STOMP_ERR_UNSUPPORTED', {
          message: `A selector is not offered ${durableName === undefined ? 'on queues' : 'with durable subscriptions'} over this broker`,
          cure: 'Leave the header selector out, or select by destination.',
        })
      }
      return durableName === undefined ? lines : [...lines, ...kept(durableQueue(durableName))]
    },
    unsubscribeShared: ({ destination, queueName }) =>
      queueName === undefined ? [] : [['destination', nameOf(destination)], ...kept(queueName)],
    read(frame) {
      return readDelivery(frame, readName(frame.headers.get('destination') ?? ''), STRUCTURAL, 'x-delivery-count')
    },
    sendNode: nodes.send,
    subscribeNode({ word, queueName }) {
      const destination = ['destination', nodes.topic(word)] as const
      if (queueName === undefined) return [destination, ['ack', 'auto']]
      return [
        destination,
        ...kept(queueName),
        ['x-expires', `${SHARED_LASTS_MS}`],
        ['ack', 'client-individual'],
        ['prefetch-count', `${NODE_PREFETCH}`],
      ]
    },
    unsubscribeNode: ({ word, queueName }) =>
      queueName === undefined ? [] : [['destination', nodes.topic(word)], ...kept(queueName)],
    nodeTopic: nodes.topic,
    nodeWord: nodes.word,
  }
}

/**
 * The queue of a durable subscription. A lone `~` is no escape, so no client's queue is called so; the plugin takes `%2F`
 * for an escape of its own, where it reads a path.
 */
function durableQueue(durableName: string): string {
  const queue = `hoofbeat~${durableName.replace(/[~%/]/g, escapeOne)}`
  if (queue.length <= MAX_NAME_BYTES) return queue
  throw new StompError('STOMP_ERR_HEADER_INVALID', {
    message: `User name, client-id and id together are longer than the ${MAX_NAME_BYTES} bytes that the broker takes`,
    cure: 'Choose a shorter client-id, and a shorter id on SUBSCRIBE.',
  })
}

/** RabbitMQ looks once a minute, and counts from when it has sent the message. */
const safelyWithin = (timeoutMs: number): number => Math.max(timeoutMs / 2, timeoutMs - 120_000)

/** A queue that lasts; on UNSUBSCRIBE these say that it is to be deleted. */
const kept = (queueName: string): HeaderLine[] => [
  ['x-queue-name', queueName],
  ['durable', 'true'],
  ['auto-delete', 'false'],
]

/** RabbitMQ shows names with percent escapes of its own, where it takes them without. */
function decode(shown: string): string {
  if (!shown.includes('%')) return shown
  try {
    return decodeURIComponent(shown)
  } catch {
    return shown
  }
}
