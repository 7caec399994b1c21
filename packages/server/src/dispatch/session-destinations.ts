import { type Headers, headersFromFlat } from '@hoofbeat/codec'
import type { SendRequest } from '../broker/broker.js'
import { type DestinationSyntax, isPattern } from '../destination/destination.js'
import { StompError } from '../errors.js'
import {
  innerUserDestination,
  otherUserDestination,
  ownUserDestination,
  USER_PREFIX,
} from '../users/user-destination.js'
import type { Publications, Targets } from './publications.js'
import { REPLY_QUEUE_PREFIX, TEMP_QUEUE_PREFIX, type TempQueues } from './reply-queues.js'

/**
 * What a SEND is for. broker: what the broker calls so itself; user: sessions of a user; own: a temporary queue of this
 * very session; reply: a temporary queue of whoever asked for a reply.
 */
export type SendKind = 'broker' | 'user' | 'own' | 'reply'

/** What destinations mean that one session names: `/user/...` and `/temp-queue/...` are its own, unlike anybody else's. */
export interface SessionDestinations {
  /** Throws STOMP_ERR_DESTINATION_INVALID for what is not well-formed. */
  segments(destination: string): readonly string[]
  /** What a SEND there is for. Throws STOMP_ERR_DESTINATION_INVALID for what names nothing to send to. */
  sendKind(destination: string, segments: readonly string[]): SendKind
  /** Where a SEND goes now; that may be nowhere. */
  targets(request: SendRequest, kind: SendKind): Targets
  /**
   * The inner destination that a SUBSCRIBE to the session's own means; undefined for all others. Throws
   * STOMP_ERR_DESTINATION_INVALID for what is below these prefixes and names nothing to subscribe to,
   * STOMP_ERR_FORBIDDEN for the queues that replies go to.
   */
  inner(destination: string, segments: readonly string[]): string | undefined
  /** The headers of a SEND, where a `reply-to` that names a temporary queue has become what others can send to. */
  addressed(headers: Headers): Headers
}

/** What the destinations of one session are made of. */
export interface SessionDestinationsParts {
  readonly caller: { readonly sessionId: string }
  readonly shared: { readonly syntax: DestinationSyntax; readonly publications: Pick<Publications, 'resolve'> }
  readonly tempQueues: TempQueues
}

// The first segment ends with a slash whatever the separator is, so it tells what a destination lies below.
const USER = USER_PREFIX.slice(1)
const TEMP_QUEUE = TEMP_QUEUE_PREFIX.slice(1)
const REPLY_QUEUE = REPLY_QUEUE_PREFIX.slice(1)

/** Makes the destinations of one session. */
export function createSessionDestinations(parts: SessionDestinationsParts): SessionDestinations {
  return new OwnDestinations(parts)
}

class OwnDestinations implements SessionDestinations {
  readonly #parts: SessionDestinationsParts

  constructor(parts: SessionDestinationsParts) {
    this.#parts = parts
  }

  segments(destination: string): readonly string[] {
    const segments = this.#parts.shared.syntax.segments(destination)
    if (segments !== undefined) return segments
    throw new StompError('STOMP_ERR_DESTINATION_INVALID', { message: `'${destination}' is not a destination` })
  }

  sendKind(destination: string, segments: readonly string[]): SendKind {
    if (isPattern(segments)) {
      throw new StompError('STOMP_ERR_DESTINATION_INVALID', { message: `Cannot SEND to the pattern '${destination}'` })
    }
    switch (segments[0]) {
      case USER:
        otherUserDestination(destination, this.#parts.shared.syntax)
        return 'user'
      case TEMP_QUEUE:
        if (segments.length === 1) throw noTempQueue(destination)
        return 'own'
      case REPLY_QUEUE:
        return 'reply'
      default:
        return 'broker'
    }
  }

  targets(request: SendRequest, kind: SendKind): Targets {
    if (kind !== 'own') return this.#parts.shared.publications.resolve(request)
    const inner = this.#parts.tempQueues.own(request.destination)
    return { here: inner === undefined ? [] : [inner], elsewhere: undefined }
  }

  inner(destination: string, segments: readonly string[]): string | undefined {
    const { caller, shared, tempQueues } = this.#parts
    const { syntax } = shared
    const rest = ownUserDestination(destination, syntax)
    if (rest !== undefined) return innerUserDestination(caller.sessionId, rest)
    if (syntax.isBelow(destination, REPLY_QUEUE_PREFIX)) {
      throw new StompError('STOMP_ERR_FORBIDDEN', {
        message: `'${REPLY_QUEUE_PREFIX}/...' is for replies only`,
        cure: `SEND replies there; who asked reads them at its own ${TEMP_QUEUE_PREFIX}/x.`,
      })
    }
    if (!syntax.isBelow(destination, TEMP_QUEUE_PREFIX)) return undefined
    if (segments.length === 1 || isPattern(segments)) throw noTempQueue(destination)
    return tempQueues.own(destination)
  }

  addressed(headers: Headers): Headers {
    const replyTo = headers.get('reply-to')
    const { shared, tempQueues } = this.#parts
    const { syntax } = shared
    if (replyTo === undefined || !syntax.isBelow(replyTo, TEMP_QUEUE_PREFIX)) return headers
    const segments = syntax.segments(replyTo)
    if (segments === undefined || segments.length === 1 || isPattern(segments)) {
      throw new StompError('STOMP_ERR_HEADER_INVALID', {
        message: `The header 'reply-to' names no temporary queue: write ${TEMP_QUEUE_PREFIX}/x, without wildcards`,
      })
    }
    const address = tempQueues.address(replyTo)
    const isReplyTo = (i: number): boolean => i % 2 === 1 && headers.flat[i - 1] === 'reply-to'
    return headersFromFlat(headers.flat.map((text, i) => (isReplyTo(i) ? address : text)))
  }
}

function noTempQueue(destination: string): StompError {
  return new StompError('STOMP_ERR_DESTINATION_INVALID', {
    message: `'${destination}' names no temporary queue: write ${TEMP_QUEUE_PREFIX}/x, without wildcards`,
  })
}
