import type { FastifyBaseLogger } from 'fastify'
import { isForPeer } from '../errors.js'
import type { Observe } from './events.js'

/** What a hook or handler threw that was not meant for the peer. */
function isOwnFault(code: string, cause: unknown): boolean {
  if (code === 'STOMP_ERR_HANDLER_FAILED') return true
  return cause instanceof Error && !isForPeer(cause)
}

/**
 * Tells events to the application's logger: a fault of the server's own (something was thrown that is no refusal) as
 * `error`, what an operator should look into as `warn`, refusals as `info`, the rest as `debug`. Lines about a session
 * carry its id as `session`, and the name of its user as `user` if it has one. Nothing of a frame's body, and no
 * credentials, are in an event.
 */
export function createLogObserver(log: FastifyBaseLogger): Observe {
  return (event) => {
    switch (event.type) {
      case 'refused': {
        const { session, user, code, message, cause } = event
        if (isOwnFault(code, cause)) return log.error({ session, user, code, err: cause }, message)
        return log.info({ session, user, code, err: cause }, `refused: ${message}`)
      }
      case 'handler-value-dropped':
        return log.warn({ route: event.route }, 'a message route returned a value but has no sendTo: it is dropped')
      case 'store-failed':
        return log.error({ err: event.error }, 'the message store could not take a change')
      case 'broker-availability': {
        if (event.isAvailable) return log.info('the message broker can be reached')
        return log.error('the message broker cannot be reached: sessions go on, what is for the broker waits')
      }
      case 'leg-down':
      case 'message-dropped':
      case 'dead-letter':
      case 'slow-reader':
      case 'reply-dropped': {
        const { type, ...fields } = event
        return log.warn(fields, type)
      }
      case 'leg-up':
      case 'queue-full': {
        const { type, ...fields } = event
        return log.info(fields, type)
      }
      case 'connect':
      case 'message-expired':
      case 'header-left-out':
      case 'heart-beat-lost':
      case 'subscribed':
      case 'unsubscribed':
      case 'session-connected':
      case 'session-closed': {
        const { type, ...fields } = event
        return log.debug(fields, type)
      }
      default:
        return event satisfies never
    }
  }
}

/** Whether lines of the level `debug` are written. */
export function isDebugging({ level }: FastifyBaseLogger): boolean {
  return level === 'debug' || level === 'trace'
}
