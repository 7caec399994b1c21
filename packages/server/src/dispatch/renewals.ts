import type { Frame } from '@hoofbeat/codec'
import { StompError } from '../errors.js'
import type { User } from '../hooks/user.js'
import type { HookGate } from './hook-gate.js'
import type { Outcomes } from './outcomes.js'
import type { Recipient } from './recipient.js'

/** A SEND to here renews the credentials of its session: no rule, hook, route or broker ever sees it. */
export const RENEWAL_DESTINATION = '/session/renew'

/** A session whose credentials can be renewed. */
export interface RenewingSession {
  readonly user: User | undefined
  readonly isOver: boolean
  readonly recipient: Pick<Recipient, 'renewal'>
  readonly outcomes: Outcomes
  /** From now on this is its user. */
  renewed(user: User): void
}

/**
 * Renews the credentials of one session, which its later frames wait for. What was sent before keeps the user that it was
 * sent by. Throws a refusal that is plain at once.
 */
export function renew(frame: Frame, session: RenewingSession, gate: HookGate): void {
  const { user } = session
  const { renewal } = session.recipient
  if (frame.headers.has('transaction')) {
    throw new StompError('STOMP_ERR_UNSUPPORTED', {
      message: 'Credentials cannot be renewed in a transaction',
      cure: `Leave out the header 'transaction' of what is sent to ${RENEWAL_DESTINATION}.`,
    })
  }
  if (renewal === undefined) {
    throw new StompError('STOMP_ERR_UNSUPPORTED', {
      message: 'There is no session here whose credentials could be renewed',
      cure: 'Send new credentials with the next request.',
    })
  }
  if (user === undefined) {
    throw new StompError('STOMP_ERR_NOT_AUTHENTICATED', {
      message: 'An anonymous session has no credentials to renew',
      cure: 'Connect again with credentials.',
    })
  }
  gate.hold(
    renewal.ask(frame, user),
    {
      passedLater(renewed) {
        if (session.isOver) return
        session.renewed(renewed)
        renewal.end(renewed)
        session.outcomes.settled(frame)
      },
      refused(error) {
        session.outcomes.refused(frame, error, 'STOMP_ERR_NOT_AUTHENTICATED')
        renewal.end(undefined)
      },
    },
    () => new StompError('STOMP_ERR_NOT_AUTHENTICATED', { message: 'The credentials were not checked in time' }),
  )
}
