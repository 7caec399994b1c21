import type { Frame } from '@hoofbeat/codec'
import { INNER } from '../broker/broker.js'
import { STOMP_ERRORS, StompError, type StompErrorCode, toStompError } from '../errors.js'
import type { Recipient } from './recipient.js'

/** What a session is told about its frames. Whatever was thrown becomes a refusal, with a text that clients may read. */
export interface Outcomes {
  /** The effect of `frame` is real. */
  settled(frame: Frame): void
  /** `frame` had no effect. `fallback` names what was thrown and is no refusal. @default STOMP_ERR_HANDLER_FAILED */
  refused(frame: Frame, thrown: unknown, fallback?: StompErrorCode): void
  /** As `refused`, but the sender was told already, by a MESSAGE. Without a frame: of one that is settled. */
  answered(frame: Frame | undefined, thrown: unknown): void
  /** A promise to the session is broken, by no frame that is still open. */
  failed(thrown: unknown): void
}

/**
 * Makes the outcomes of one session. `soften` may take a refusal of a SEND or SUBSCRIBE on itself: false where it does
 * not.
 */
export function createOutcomes(recipient: OutcomeListener, soften?: Soften): Outcomes {
  return new SessionOutcomes(recipient, soften)
}

type OutcomeListener = Pick<Recipient, 'settled' | 'refused' | 'answered' | 'failed'>
type Soften = (frame: Frame, error: StompError) => boolean

class SessionOutcomes implements Outcomes {
  readonly #recipient: OutcomeListener
  readonly #soften: Soften | undefined

  constructor(recipient: OutcomeListener, soften: Soften | undefined) {
    this.#recipient = recipient
    this.#soften = soften
  }

  settled(frame: Frame): void {
    this.#recipient.settled(frame)
  }

  refused(frame: Frame, thrown: unknown, fallback: StompErrorCode = 'STOMP_ERR_HANDLER_FAILED'): void {
    const error = readable(toStompError(thrown, fallback))
    const isSoft = (frame.command === 'SEND' || frame.command === 'SUBSCRIBE') && this.#soften?.(frame, error)
    if (isSoft !== true) this.#recipient.refused(frame, error)
  }

  answered(frame: Frame | undefined, thrown: unknown): void {
    this.#recipient.answered(frame, readable(toStompError(thrown, 'STOMP_ERR_HANDLER_FAILED')))
  }

  failed(thrown: unknown): void {
    this.#recipient.failed(readable(toStompError(thrown, 'STOMP_ERR_HANDLER_FAILED')))
  }
}

/** A broker names what it refuses. An inner destination holds the id of a session, perhaps of another client's. */
export function readable(error: StompError): StompError {
  const { message, cure, code } = error
  if (!message.includes(INNER) && !cure.includes(INNER)) return error
  const isSame = (known: string): known is StompErrorCode => known === code
  const known = Object.keys(STOMP_ERRORS).find(isSame) ?? 'STOMP_ERR_HANDLER_FAILED'
  return new StompError(known, cure.includes(INNER) ? { cause: error } : { cure, cause: error })
}
