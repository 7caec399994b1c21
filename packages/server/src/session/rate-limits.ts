import type { Clock } from '../clock/clock.js'
import type { DestinationSyntax } from '../destination/destination.js'
import { toStompError } from '../errors.js'
import type { User } from '../hooks/user.js'
import { CallerRates } from './rate-callers.js'
import { compileRateLimits, type RateLimitOptions, type RateRule } from './rate-limit.js'

/** The limits of an application, as its sessions and doors use them. */
export interface RateLimits {
  /** Those of one session; there may be none. Throws a StompError where the application's function fails. */
  rulesOf(user: User | undefined): readonly RateRule[]
  /** Of those who send without a session. */
  readonly callers: CallerRates
}

/** Makes the limits of an application. Throws a TypeError or RangeError for a list of limits that cannot be. */
export function createRateLimits(
  options: RateLimitOptions,
  { syntax, clock }: { readonly syntax: DestinationSyntax; readonly clock: Clock },
): RateLimits {
  const compiled = compileRateLimits(options, syntax)
  const rulesOf = (user: User | undefined): readonly RateRule[] => {
    try {
      return compiled(user)
    } catch (error) {
      throw toStompError(error, 'STOMP_ERR_HANDLER_FAILED')
    }
  }
  return { rulesOf, callers: new CallerRates({ clock, rulesOf }) }
}
