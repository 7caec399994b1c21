import type { Broker, Publication, Settled } from '../broker/broker.js'
import { type DestinationSyntax, isPattern } from '../destination/destination.js'
import { StompError } from '../errors.js'
import type { Observe } from '../observe/events.js'
import type { RoutePublication, SessionOwner } from '../routes/routes.js'
import { innerUserDestination, otherUserDestination, ownUserDestination } from '../users/user-destination.js'
import { REPLY_QUEUE_PREFIX, type ReplyQueues } from './reply-queues.js'

/** What handlers and the application publish goes through here, so that a name means the same for everybody. */
export interface Publications {
  /**
   * The broker destinations that a name means: itself; for `/user/<name>/...` one for each session of that user now;
   * for a reply queue its owner's, or none if that is gone. Throws STOMP_ERR_DESTINATION_INVALID.
   */
  resolve(destination: string): readonly string[]
  /** Hands one publication to the broker. Throws or rejects with a StompError if nothing is served at its destination. */
  publish(publication: Publication): Settled
  /** Hands over what a route gave to its caller, in order; stops at the first that is refused at once. */
  publishAll(publications: readonly RoutePublication[], caller: SessionOwner): Settled
  /** Publishes to each session of a user; `destination` is what follows `/user`, as the user subscribes to it. */
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
}

/** Makes the door to the broker for publications. */
export function createPublications(parts: PublicationsParts): Publications {
  const { broker, syntax, applicationPrefix, replyQueues, sessionIds, hasSession, observe } = parts

  const toEach = (destinations: readonly string[], publication: Publication): Settled => {
    const { headers, body } = publication
    if (destinations.length === 1 && destinations[0] === publication.destination) return broker.publish(publication)
    return together(destinations.map((destination) => () => broker.publish({ destination, headers, body })))
  }
  const innerOf = (sessions: readonly string[], rest: string): readonly string[] =>
    sessions.map((sessionId) => innerUserDestination(sessionId, rest))

  const publishTo = (sessions: readonly string[], publication: Publication): Settled => {
    const segments = syntax.segments(publication.destination)
    if (segments === undefined || isPattern(segments)) {
      throw new StompError('STOMP_ERR_DESTINATION_INVALID', {
        message: `Cannot publish to '${publication.destination}' of a user`,
        cure: 'Name what follows /user in the SUBSCRIBE of the user: /queue/x.',
      })
    }
    return toEach(innerOf(sessions, publication.destination), publication)
  }

  const self: Publications = {
    resolve(destination) {
      const user = otherUserDestination(destination, syntax)
      if (user !== undefined) return innerOf(sessionIds(user.name), user.rest)
      if (!syntax.isBelow(destination, REPLY_QUEUE_PREFIX)) return [destination]
      const inner = replyQueues.find(destination)
      if (inner !== undefined) return [inner]
      // The name is a right to send, which is not for logs.
      observe({ type: 'reply-dropped', destination: REPLY_QUEUE_PREFIX })
      return []
    },
    publish(publication) {
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
      return toEach(self.resolve(destination), publication)
    },
    publishAll: (publications, caller) =>
      together(publications.map((publication) => () => publishFor(publication, caller))),
    publishToUser: (name, publication) => publishTo(sessionIds(name), publication),
    publishToSession: (id, publication) => publishTo(hasSession(id) ? [id] : [], publication),
    checkReplyTo(replyTo) {
      if (replyTo === undefined) throw noReplyTo("There is no header 'reply-to'")
      if (replyQueues.find(replyTo) === undefined && ownRest(replyTo) === undefined) {
        throw noReplyTo("The header 'reply-to' names nothing to reply to")
      }
    },
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
    if (rest !== undefined) return self.publishToSession(sessionId, { destination: rest, headers, body })
    // It was there when it was checked: where it is gone meanwhile, so is whoever waited for the reply.
    return toEach(syntax.isBelow(destination, REPLY_QUEUE_PREFIX) ? self.resolve(destination) : [], publication)
  }
  const publishFor = (publication: RoutePublication, { user, sessionId }: SessionOwner): Settled => {
    const { audience } = publication
    if (audience === undefined) return self.publish(publication)
    if (audience === 'reply') return reply(publication, sessionId)
    if (audience === 'user' && user !== undefined) return self.publishToUser(user.name, publication)
    return self.publishToSession(sessionId, publication)
  }
  return self
}

function noReplyTo(message: string, cause?: unknown): StompError {
  const cure =
    'Name where the reply is to go: /temp-queue/x, or /user/queue/x, without wildcards; subscribe there first.'
  return new StompError('STOMP_ERR_HEADER_INVALID', { message, cure, cause })
}

/** All in their order; stops at the first that is refused at once. */
function together(effects: readonly (() => Settled)[]): Settled {
  const pending: Promise<void>[] = []
  try {
    for (const effect of effects) {
      const settled = effect()
      if (settled !== undefined) pending.push(settled)
    }
  } catch (error) {
    // The refusal is told already; what is still open must not end the process if it fails too.
    Promise.allSettled(pending)
    throw error
  }
  return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined)
}
