import type { Broker, Publication, Settled } from '../broker/broker.js'
import { type DestinationSyntax, isPattern } from '../destination/destination.js'
import { StompError } from '../errors.js'

/** What handlers and the application publish goes through here, so that a name means the same for everybody. */
export interface Publications {
  /** Hands one publication to the broker. Throws or rejects with a StompError if nothing is served at its destination. */
  publish(publication: Publication): Settled
  /** Hands over several, in their order; stops at the first that is refused at once. */
  publishAll(publications: readonly Publication[]): Settled
}

/** Makes the door to the broker for publications. */
export function createPublications(broker: Broker, syntax: DestinationSyntax, applicationPrefix: string): Publications {
  const self: Publications = {
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
      return broker.publish(publication)
    },
    publishAll(publications) {
      const pending: Promise<void>[] = []
      try {
        for (const publication of publications) {
          const settled = self.publish(publication)
          if (settled !== undefined) pending.push(settled)
        }
      } catch (error) {
        // The refusal is told already; what is still open must not end the process if it fails too.
        Promise.allSettled(pending)
        throw error
      }
      return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined)
    },
  }
  return self
}
