import { StompError } from '../errors.js'
import { ThreadFault } from './durable-thread.js'
import type { Fault } from './ledger/ledger.js'

/** What the owner is told when a store cannot be opened or closed: names the directory, and what was found there. */
export function toOwnerError(thrown: unknown, directory: string): StompError {
  const { kind, detail } = faultOf(thrown)
  if (kind === 'locked') {
    const message = `The directory of the message store is in use: ${directory}`
    return new StompError('STOMP_ERR_STORE_LOCKED', { message, cause: thrown })
  }
  if (kind === 'damaged') {
    const message = `The message store in ${directory} is damaged: ${detail}`
    return new StompError('STOMP_ERR_STORE_DAMAGED', { message, cause: thrown })
  }
  if (kind === 'format') {
    const message = `The message store in ${directory} cannot be read: ${detail}`
    return new StompError('STOMP_ERR_STORE_FORMAT', { message, cause: thrown })
  }
  if (kind === 'full') {
    const message = `There is no room for the message store in ${directory}: ${detail}`
    return new StompError('STOMP_ERR_STORE_FULL', { message, cause: thrown })
  }
  return new StompError('STOMP_ERR_STORE_FAILED', {
    message: `The message store in ${directory} failed: ${detail}`,
    cause: thrown,
  })
}

/** What a commit is refused with. A client may read it, so details are in the cause only. */
export function toCommitError(thrown: unknown): StompError {
  const code = faultOf(thrown).kind === 'full' ? 'STOMP_ERR_STORE_FULL' : 'STOMP_ERR_STORE_FAILED'
  return new StompError(code, { cause: thrown })
}

function faultOf(thrown: unknown): Fault {
  if (thrown instanceof ThreadFault) return thrown.fault
  return { kind: 'failed', detail: thrown instanceof Error ? thrown.message : String(thrown) }
}
