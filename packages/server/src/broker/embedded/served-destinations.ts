import { type DestinationSyntax, isPattern } from '../../destination/destination.js'
import { StompError } from '../../errors.js'
import { INNER } from '../broker.js'
import type { EmbeddedBrokerSettings } from './embedded-broker-options.js'

/** Which destinations the broker serves, and as what. */
export interface ServedDestinations {
  isTopic(destination: string): boolean
  isQueue(destination: string): boolean
  /** The segments of a topic, a pattern or an inner destination. Throws if it is none that is served. */
  topicSegments(destination: string): readonly string[]
  /** Throws if it is no queue that is served, or a pattern. */
  checkQueue(name: string): void
}

/** Each segment of a pattern costs a node of a few hundred bytes: one long header line must not buy a megabyte. */
const MAX_PATTERN_SEGMENTS = 32

/** Makes the list of what is served. */
export function createServedDestinations(
  { topics, queues }: Pick<EmbeddedBrokerSettings, 'topics' | 'queues'>,
  syntax: DestinationSyntax,
): ServedDestinations {
  const isBelow = (destination: string, prefixes: readonly string[]): boolean => {
    for (const prefix of prefixes) if (syntax.isBelow(destination, prefix)) return true
    return false
  }
  const isTopic = (destination: string): boolean => isBelow(destination, topics)
  const isQueue = (destination: string): boolean => isBelow(destination, queues)
  const unknown = (destination: string): StompError =>
    new StompError('STOMP_ERR_DESTINATION_UNKNOWN', {
      message: `Nothing is served at '${destination}'`,
      cure: `This broker serves topics at or below ${topics.join(', ')} and queues at or below ${queues.join(', ')}.`,
    })
  return {
    isTopic,
    isQueue,
    topicSegments(destination) {
      if (destination.startsWith(INNER)) return [destination]
      const segments = syntax.segments(destination)
      if (segments === undefined || !isTopic(destination)) throw unknown(destination)
      if (segments.length > MAX_PATTERN_SEGMENTS && isPattern(segments)) {
        throw new StompError('STOMP_ERR_DESTINATION_INVALID', {
          message: `A wildcard subscription may have at most ${MAX_PATTERN_SEGMENTS} segments`,
          cure: 'Subscribe to a shorter pattern: ** stands for any number of segments.',
        })
      }
      return segments
    },
    checkQueue(name) {
      const segments = syntax.segments(name)
      if (segments === undefined || !isQueue(name)) throw unknown(name)
      if (!isPattern(segments)) return
      throw new StompError('STOMP_ERR_DESTINATION_INVALID', {
        message: `A queue is named exactly, not by the pattern '${name}'`,
        cure: 'Subscribe to one queue at a time; wildcards are for topics.',
      })
    },
  }
}
