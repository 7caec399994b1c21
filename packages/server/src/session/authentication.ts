import type { Headers, Version } from '@hoofbeat/codec'
import type { FastifyRequest } from 'fastify'
import type { Clock } from '../clock/clock.js'
import { StompError, toStompError } from '../errors.js'
import type { AuthenticateHook } from '../hooks/hooks.js'
import type { User, UserLike } from '../hooks/user.js'
import { refuseExpired } from './expiry.js'

/** Whose credentials are to be checked. */
export interface Applicant {
  readonly headers: Headers
  readonly version: Version
  /** What `identify` has found. */
  readonly identity: UserLike
  /** Undefined where there is none, or no longer. */
  readonly request: FastifyRequest | undefined
  readonly sessionId: string
  /** Whose session it is that renews; undefined at its beginning. */
  readonly renews: User | undefined
}

/**
 * Asks `authenticate` who this is; without that hook it is who `identify` has found. Rejects with a StompError, also for
 * credentials that have ended already.
 */
export async function authenticate(
  applicant: Applicant,
  hook: AuthenticateHook | undefined,
  clock: Pick<Clock, 'epochMs'>,
): Promise<User | undefined> {
  try {
    const user = toUser(hook === undefined ? applicant.identity : await ask(hook, applicant), applicant.version)
    refuseExpired(user, clock)
    return user
  } catch (error) {
    throw toStompError(error, 'STOMP_ERR_NOT_AUTHENTICATED')
  }
}

/**
 * On a link a later request may have renewed what `identify` had found (`asked`) while it was asked about: whoever that is
 * goes on as what `identify` has found by now.
 */
export function newestOf(user: User | undefined, asked: UserLike, found: unknown): User | undefined {
  if (user === undefined || user !== asked || typeof found !== 'object' || found === null) return user
  return found as User
}

function ask(hook: AuthenticateHook, applicant: Applicant): UserLike | Promise<UserLike> {
  const { headers } = applicant
  return hook({ ...applicant, login: headers.get('login'), passcode: headers.get('passcode') })
}

/**
 * CONNECTED is not escaped (STOMP 1.2, "Value Encoding"): a line break in a name would forge headers. Spaces around it
 * would be lost on the way to a STOMP 1.0 client.
 */
function toUser(user: UserLike, version: Version): User | undefined {
  if (user === undefined || user === null) return undefined
  const named = typeof user === 'string' ? { name: user } : user
  const isWritable = typeof named.name === 'string' && /^[^\u0000-\u001f\u007f]+$/.test(named.name)
  if (isWritable && (version !== '1.0' || named.name.trim() === named.name)) return named
  throw new StompError('STOMP_ERR_USER_NAME_INVALID')
}
