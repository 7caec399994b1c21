import type { Broker, Publication, Settled } from '../broker/broker.js'
import { type DestinationSyntax, isPattern } from '../destination/destination.js'
import { StompError } from '../errors.js'
import { ownHeaders } from '../message/own-headers.js'
import type { Observe } from '../observe/events.js'
import type { RoutePublication, SessionOwner } from '../routes/routes.js'
import { innerUserDestination, otherUserDestination, ownUserDestination } from '../users/user-destination.js'
import { nodeOfReplyQueue, REPLY_QUEUE_PREFIX, type ReplyQueues } from './reply-queues.js'
import { both, reachedHereOnly, together } from './settling.js'

/** Where a publication goes. */
export interface Targets {
  /** Destinations in the broker as seen from this node. */
  readonly here: readonly string[]
  /** What tells other nodes that it may be for sessions of theirs: one publication for the broker. */
  readonly elsewhere: Publication | undefined
}

/**
 * The other nodes of a cluster. What is made here is one publication for the broker, which reaches all nodes that it may
 * concern, and no client; whoever makes it publishes it once, soon. Each node gives it to its own sessions.
 */
export interface Elsewhere {
  /** To each session of a user there; `publication.destination`: what follows `/user`. */
  toUser(name: string, publication: Publication): Publication
  /** The same for one session. */
  toSession(sessionId: string, publication: Publication): Publication
  /** To a reply queue of the node. */
  toReplyQueue(nodeId: string, publication: Publication): Publication
  /** False for a node that is known to have ended, and for this one. */
  mayHave(nodeId: string): boolean
  /** False while the broker is away: what is published then waits for it, or is refused. */
  readonly isReachable: boolean
  /** Publishes what was made here and nobody waits for: that it was refused, at once or later, is logged. */
  publishUnawaited(publication: Publication): void
}

/** What handlers and the application publish goes through here, so that a name means the same for everybody. */
export interface Publications {
  /**
   * The broker destinations that a name means: itself; for `/user/<name>/...` one for each session of that user now, and
   * what tells other nodes of it; for a reply queue its owner's, or none if that is gone. Throws
   * STOMP_ERR_DESTINATION_INVALID.
   */
  resolve(publication: Publication): Targets
  /** Hands one publication to the broker. Throws or rejects with a StompError if nothing is served at its destination. */
  publish(publication: Publication): Settled
  /**
   * Hands over what a route gave to its caller, in order; stops at the first that is refused at once. What sessions of
   * this node have is settled with them where the broker is away at that moment: it need not be there for a route that
   * talks to users. What the other nodes are told waits for it as all does, and is logged if it is refused.
   */
  publishAll(publications: readonly RoutePublication[], caller: SessionOwner): Settled
  /**
   * Publishes to each session of a user; `destination` is what follows `/user`, as the user subscribes to it. Where the
   * broker is away, sessions of this node have it nevertheless: the rejection says so.
   */
  publishToUser(name: string, publication: Publication): Settled
  /** The same for one session; nothing happens if it is gone. */
  publishToSession(sessionId: string, publication: Publication): Settled
  /**
   * Throws STOMP_ERR_HEADER_INVALID for a `reply-to` (as dispatch has rewritten it) that a reply cannot be published to:
   * neither a reply queue that is there, nor below `/user`, which is the session's own.
   */
  checkReplyTo(replyTo: string | undefined): void
}

/** What the door to the broker needs. */
export interface PublicationsParts {
  readonly broker: Pick<Broker, 'publish'>
  readonly syntax: DestinationSyntax
  readonly applicationPrefix: string
  readonly replyQueues: ReplyQueues
  /** The sessions of a user, in order of connecting. */
  readonly sessionIds: (userName: string) => readonly string[]
  /** Whether a session is connected. */
  readonly hasSession: (sessionId: string) => boolean
  readonly observe: Observe
  /** @default there are no other nodes */
  readonly elsewhere?: Elsewhere | undefined
}

/** Makes the door to the broker for publications. */
export function createPublications(parts: PublicationsParts): Publications {
  const { broker, syntax, applicationPrefix, replyQueues, sessionIds, hasSession, observe, elsewhere } = parts

  const toEach = (destinations: readonly string[], publication: Publication): Settled => {
    const { headers, body } = publication
    if (destinations.length === 1 && destinations[0] === publication.destination) return broker.publish(publication)
    return together(destinations.map((destination) => () => broker.publish({ destination, headers, body })))
  }
  const toAll = ({ here, elsewhere }: Targets, publication: Publication): Settled => {
    const settled = toEach(here, publication)
    if (elsewhere === undefined) return settled
    return both(settled, () => reachedHereOnly(() => broker.publish(elsewhere)))
  }
  /** The same for what a route gave: whoever was told here need not wait for a broker that is away. */
  const toAllOfRoute = (targets: Targets, publication: Publication): Settled => {
    const letter = targets.elsewhere
    const isWaitedFor = targets.here.length === 0 || elsewhere?.isReachable !== false
    if (letter === undefined || isWaitedFor) return toAll(targets, publication)
    const settled = toEach(targets.here, publication)
    elsewhere.publishUnawaited(letter)
    return settled
  }
  const innerOf = (sessions: readonly string[], rest: string): readonly string[] =>
    sessions.map((sessionId) => innerUserDestination(sessionId, rest))
  const ofUser = (name: string, publication: Publication): Targets => ({
    here: innerOf(sessionIds(name), publication.destination),
    elsewhere: elsewhere?.toUser(name, withOwnHeaders(publication)),
  })
  const ofReplyQueue = (publication: Publication): Targets => {
    const { destination } = publication
    const inner = replyQueues.find(destination)
    if (inner !== undefined) return { here: [inner], elsewhere: undefined }
    const node = nodeElsewhere(destination)
    if (node !== undefined) return { here: [], elsewhere: elsewhere?.toReplyQueue(node, withOwnHeaders(publication)) }
    // The name is a right to send, which is not for logs.
    observe({ type: 'reply-dropped', destination: REPLY_QUEUE_PREFIX })
    return { here: [], elsewhere: undefined }
  }
  const nodeElsewhere = (replyQueue: string): string | undefined => {
    const node = elsewhere && nodeOfReplyQueue(replyQueue)
    return node !== undefined && elsewhere?.mayHave(node) ? node : undefined
  }
  const checkRest = (destination: string): void => {
    const segments = syntax.segments(destination)
    if (segments !== undefined && !isPattern(segments)) return
    throw new StompError('STOMP_ERR_DESTINATION_INVALID', {
      message: `Cannot publish to '${destination}' of a user`,
      cure: 'Name what follows /user in the SUBSCRIBE of the user: /queue/x.',
    })
  }
  const ofCheckedUser = (name: string, publication: Publication): Targets => {
    checkRest(publication.destination)
    return ofUser(name, publication)
  }
  /** The broker need not be there: what is for a session of this node stays within it. */
  const publishToOwn = (sessionId: string, publication: Publication): Settled => {
    checkRest(publication.destination)
    return toEach(innerOf(hasSession(sessionId) ? [sessionId] : [], publication.destination), publication)
  }

  const self: Publications = {
    resolve(publication) {
      const { destination, headers, body } = publication
      const user = otherUserDestination(destination, syntax)
      if (user !== undefined) return ofUser(user.name, { destination: user.rest, headers, body })
      if (syntax.isBelow(destination, REPLY_QUEUE_PREFIX)) return ofReplyQueue(publication)
      return { here: [destination], elsewhere: undefined }
    },
    publish: (publication) => toAll(resolveChecked(publication), publication),
    publishAll: (publications, caller) =>
      together(publications.map((publication) => () => publishFor(publication, caller))),
    publishToUser: (name, publication) => toAll(ofCheckedUser(name, publication), publication),
    publishToSession(id, publication) {
      if (elsewhere === undefined || hasSession(id)) return publishToOwn(id, publication)
      checkRest(publication.destination)
      return toAll({ here: [], elsewhere: elsewhere.toSession(id, withOwnHeaders(publication)) }, publication)
    },
    checkReplyTo(replyTo) {
      if (replyTo === undefined) throw noReplyTo("There is no header 'reply-to'")
      if (replyQueues.find(replyTo) !== undefined || nodeElsewhere(replyTo) !== undefined) return
      if (ownRest(replyTo) === undefined) throw noReplyTo("The header 'reply-to' names nothing to reply to")
    },
  }
  const resolveChecked = (publication: Publication): Targets => {
    const { destination } = publication
    const segments = syntax.segments(destination)
    if (segments === undefined || isPattern(segments)) {
      throw new StompError('STOMP_ERR_DESTINATION_INVALID', { message: `Cannot publish to '${destination}'` })
    }
    if (syntax.isBelow(destination, applicationPrefix)) {
      throw new StompError('STOMP_ERR_DESTINATION_UNKNOWN', {
        message: `Cannot publish to '${destination}': message routes are reached by clients`,
        cure: 'Publish to a destination of the broker, or call the function behind the route.',
      })
    }
    return self.resolve(publication)
  }
  const ownRest = (replyTo: string): string | undefined => {
    try {
      return ownUserDestination(replyTo, syntax)
    } catch (cause) {
      throw noReplyTo("The header 'reply-to' names nothing to reply to", cause)
    }
  }
  const reply = (publication: RoutePublication, sessionId: string): Settled => {
    const { destination, headers, body } = publication
    const rest = ownRest(destination)
    if (rest !== undefined) return publishToOwn(sessionId, { destination: rest, headers, body })
    if (!syntax.isBelow(destination, REPLY_QUEUE_PREFIX)) return undefined
    // It was there when it was checked: where it is gone meanwhile, so is whoever waited for the reply.
    return toAll(ofReplyQueue(publication), publication)
  }
  const publishFor = (publication: RoutePublication, { user, sessionId }: SessionOwner): Settled => {
    const { audience } = publication
    if (audience === undefined) return toAllOfRoute(resolveChecked(publication), publication)
    if (audience === 'reply') return reply(publication, sessionId)
    if (audience === 'user' && user !== undefined)
      return toAllOfRoute(ofCheckedUser(user.name, publication), publication)
    return publishToOwn(sessionId, publication)
  }
  return self
}

/** Without what is for this node's broker only, and cannot be read elsewhere. */
function withOwnHeaders({ destination, headers, body }: Publication): Publication {
  return { destination, headers: ownHeaders(headers), body }
}

function noReplyTo(message: string, cause?: unknown): StompError {
  const cure =
    'Name where the reply is to go: /temp-queue/x, or /user/queue/x, without wildcards; subscribe there first.'
  return new StompError('STOMP_ERR_HEADER_INVALID', { message, cure, cause })
}
