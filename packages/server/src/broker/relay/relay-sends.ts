import { type FrameInit, type Headers, headersFromFlat } from '@hoofbeat/codec'
import { type DestinationSyntax, isPattern } from '../../destination/destination.js'
import { StompError } from '../../errors.js'
import { NODES, type Publication } from '../broker.js'
import { checkExpiry } from '../embedded/held-message.js'
import type { ClusterKeys } from './cluster-keys.js'
import type { BrokerProfile, DestinationKind, HeaderLine } from './profile.js'
import { ID_HEADER, withoutRelayHeaders } from './relayed-message.js'

/** What makes frames for the broker. */
export interface RelaySendsParts {
  readonly profile: BrokerProfile
  readonly syntax: DestinationSyntax
  readonly nextMessageId: () => string
  readonly keys: ClusterKeys
}

/** Makes frames for the broker of what is published. */
export interface RelaySends {
  /** A SEND. Throws what the profile refuses, and STOMP_ERR_DESTINATION_UNKNOWN where nothing is served. */
  frame(publication: Publication): FrameInit
  /** A SEND at one of the nodes' own topics, below {@link NODES}. */
  nodeFrame(publication: Publication): FrameInit
  /** What serves a destination. Throws STOMP_ERR_DESTINATION_UNKNOWN where nothing does, or for what is the nodes' own. */
  kindOf(destination: string): DestinationKind
}

/** Makes the maker. */
export function createRelaySends({ profile, syntax, nextMessageId, keys }: RelaySendsParts): RelaySends {
  const unknown = (destination: string): StompError =>
    new StompError('STOMP_ERR_DESTINATION_UNKNOWN', { message: `Nothing is served at '${destination}'` })
  const kindOf = (destination: string): DestinationKind => {
    const kind = profile.kindOf(destination)
    if (kind === undefined) throw unknown(destination)
    return kind
  }
  const checkOpen = (destination: string, lines: readonly HeaderLine[]): void => {
    for (const [name, value] of lines) {
      if (name === 'destination' && profile.nodeWord(value) !== undefined) throw unknown(destination)
    }
  }
  return {
    frame({ destination, headers, body }) {
      kindOf(destination)
      checkExpiry(headers)
      const lines = profile.send({ destination, headers: withoutRelayHeaders(headers) })
      checkOpen(destination, lines)
      const flat: string[] = []
      for (const [name, value] of lines) flat.push(name, value)
      flat.push(ID_HEADER, nextMessageId())
      return { command: 'SEND', headers: headersFromFlat(flat), body }
    },
    nodeFrame({ destination, headers, body }) {
      const lines = profile.sendNode(keys.word(destination.slice(NODES.length)), headers)
      return { command: 'SEND', headers: lines, body }
    },
    kindOf(destination) {
      const kind = kindOf(destination)
      // A name that is no pattern goes to the broker as it is in a SEND.
      if (isPattern(syntax.segments(destination) ?? [])) return kind
      checkOpen(destination, profile.send({ destination, headers: NO_HEADERS }))
      return kind
    },
  }
}

const NO_HEADERS: Headers = headersFromFlat([])
