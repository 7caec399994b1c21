import { type DestinationSyntax, isPattern } from '../../destination/destination.js'
import type { MessageStore } from '../../store/message-store.js'
import type { HistoryRule } from './histories.js'

/** Which topics remember their last messages, for SUBSCRIBE with `since` or `replay`. */
export interface HistoryOptions {
  /** A topic, or a pattern of topics: `*` one segment, `**` the rest. The first rule that fits a topic counts. */
  readonly topics: string
  /** How many messages of each topic. @default 100 */
  readonly count?: number
  /** How long, in ms. @default as long as there is room */
  readonly maxAgeMs?: number
}

/** Options of the broker inside the process. */
export interface EmbeddedBrokerOptions {
  /** Destinations at or below these are topics: each subscriber gets each message. @default ['/topic'] */
  readonly topics?: readonly string[]
  /** Destinations at or below these are queues: each message goes to one consumer, and waits for one. @default ['/queue'] */
  readonly queues?: readonly string[]
  /**
   * How many destinations there may be: subscribed to, queues, and histories. The private ones of sessions (user
   * destinations and temporary queues) are bounded for each session instead. @default 10000
   */
  readonly maxDestinations?: number
  /**
   * Keeps messages with the header `persistent:true`, delivery counts, durable subscriptions and histories over a
   * restart. @default none: all is in memory
   */
  readonly store?: MessageStore
  /** Unacknowledged messages that a subscription may hold, where SUBSCRIBE has no `prefetch-count`. @default 100 */
  readonly prefetchCount?: number
  /** The most that `prefetch-count` may ask for; more is taken for this. @default 10000 */
  readonly maxPrefetchCount?: number
  /** How often a message is delivered before it becomes a dead letter. @default 20 */
  readonly maxDeliveries?: number
  /** The queue of dead letters; below one of `queues`. @default 'dead-letters' below the first of `queues` */
  readonly deadLetterQueue?: string
  /** Messages that one queue or durable subscription may keep. @default 200000 */
  readonly maxQueueMessages?: number
  /** Bytes that one queue or durable subscription may keep; each message counts 512 more. @default 268435456 (256 MiB) */
  readonly maxQueueBytes?: number
  /** Bytes that all queues, durable subscriptions and histories may keep together. @default 1073741824 (1 GiB) */
  readonly maxKeptBytes?: number
  /** Messages of a topic that may wait for the acknowledgements of one subscription; more end its session. @default 1000 */
  readonly maxBacklogMessages?: number
  /** Which topics have a history. @default none */
  readonly history?: readonly HistoryOptions[]
}

/** The options with their defaults. */
export interface EmbeddedBrokerSettings {
  readonly topics: readonly string[]
  readonly queues: readonly string[]
  readonly maxDestinations: number
  readonly prefetchCount: number
  readonly maxPrefetchCount: number
  readonly maxDeliveries: number
  readonly deadLetterQueue: string
  readonly maxQueueMessages: number
  readonly maxQueueBytes: number
  readonly maxKeptBytes: number
  readonly maxBacklogMessages: number
  readonly historyRules: readonly HistoryRule[]
}

/** Fills in the defaults. Throws a TypeError or RangeError that names the option. */
export function resolveSettings(options: EmbeddedBrokerOptions, syntax: DestinationSyntax): EmbeddedBrokerSettings {
  const { topics = ['/topic'], queues = ['/queue'] } = options
  const numbers = {
    maxDestinations: options.maxDestinations ?? 10_000,
    prefetchCount: options.prefetchCount ?? 100,
    maxPrefetchCount: options.maxPrefetchCount ?? 10_000,
    maxDeliveries: options.maxDeliveries ?? 20,
    maxQueueMessages: options.maxQueueMessages ?? 200_000,
    maxQueueBytes: options.maxQueueBytes ?? 268_435_456,
    maxKeptBytes: options.maxKeptBytes ?? 1_073_741_824,
    maxBacklogMessages: options.maxBacklogMessages ?? 1_000,
  }
  for (const [name, value] of Object.entries(numbers)) checkCount(name, value)
  for (const prefix of topics) checkExact('topics', prefix, syntax)
  for (const prefix of queues) {
    checkExact('queues', prefix, syntax)
    for (const topic of topics) {
      if (!syntax.isBelow(prefix, topic) && !syntax.isBelow(topic, prefix)) continue
      throw new TypeError(`queues: '${prefix}' and the topics at '${topic}' are not apart`)
    }
  }
  const [first = '/queue'] = queues
  const { deadLetterQueue = `${first}/dead-letters` } = options
  checkExact('deadLetterQueue', deadLetterQueue, syntax)
  if (queues.length > 0 && !queues.some((prefix) => syntax.isBelow(deadLetterQueue, prefix))) {
    throw new TypeError(`deadLetterQueue: '${deadLetterQueue}' is not below one of queues`)
  }
  const historyRules = (options.history ?? []).map(({ topics: pattern, count = 100, maxAgeMs }): HistoryRule => {
    const segments = syntax.segments(pattern)
    if (segments === undefined || !topics.some((prefix) => syntax.isBelow(pattern, prefix))) {
      throw new TypeError(`history: '${pattern}' is not a pattern of topics`)
    }
    checkCount('history count', count)
    if (maxAgeMs !== undefined) checkCount('history maxAgeMs', maxAgeMs)
    return { segments, count, maxAgeMs }
  })
  return { topics, queues, deadLetterQueue, historyRules, ...numbers }
}

function checkCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number above 0`)
}

function checkExact(option: string, destination: string, syntax: DestinationSyntax): void {
  const segments = syntax.segments(destination)
  if (segments === undefined || isPattern(segments)) {
    throw new TypeError(`${option}: '${destination}' is not a destination`)
  }
}
