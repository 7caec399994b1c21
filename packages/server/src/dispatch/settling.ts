import type { Settled } from '../broker/broker.js'
import { StompError } from '../errors.js'

/** All in their order; stops at the first that is refused at once. */
export function together(effects: readonly (() => Settled)[]): Settled {
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

/** One that is under way, and another one. */
export function both(first: Settled, second: () => Settled): Settled {
  return together([() => first, second])
}

/** What is for other nodes, where sessions of this one have their part already: a broker that is away is told so. */
export function reachedHereOnly(effect: () => Settled): Settled {
  try {
    return effect()?.catch((error: unknown) => {
      throw hereOnly(error)
    })
  } catch (error) {
    throw hereOnly(error)
  }
}

function hereOnly(cause: unknown): unknown {
  if (!(cause instanceof StompError) || cause.code !== 'STOMP_ERR_BROKER_UNAVAILABLE') return cause
  return new StompError('STOMP_ERR_BROKER_UNAVAILABLE', {
    message:
      'Only sessions of this server have this message: the message broker cannot be reached, which brings it to others',
    cure: 'Send it again a little later, with an id of your own where it must not be read twice.',
    cause,
  })
}
