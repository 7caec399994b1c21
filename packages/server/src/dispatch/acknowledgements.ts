import type { Frame, Headers } from '@hoofbeat/codec'
import type { AckReference, AckRequest } from '../broker/broker.js'
import { StompError } from '../errors.js'
import type { DispatchCaller } from './dispatch-parts.js'
import type { Effects } from './effects.js'
import type { Outcomes } from './outcomes.js'
import type { SubscriptionList } from './subscription-list.js'
import type { Transactions } from './transactions.js'

/** Takes the ACK and NACK frames of one session, now or at the COMMIT of a transaction. */
export interface Acknowledgements {
  /** Throws a refusal that is plain at once. */
  answer(frame: Frame, command: AckRequest['command']): void
}

/** What the acknowledgements of one session go through. */
export interface AcknowledgementsParts {
  readonly caller: Pick<DispatchCaller, 'version'>
  readonly subscriptions: SubscriptionList
  readonly transactions: Transactions
  readonly effects: Effects
  readonly outcomes: Outcomes
}

/** Makes the acknowledgements of one session. */
export function createAcknowledgements(parts: AcknowledgementsParts): Acknowledgements {
  return new SessionAcknowledgements(parts)
}

class SessionAcknowledgements implements Acknowledgements {
  readonly #parts: AcknowledgementsParts

  constructor(parts: AcknowledgementsParts) {
    this.#parts = parts
  }

  answer(frame: Frame, command: AckRequest['command']): void {
    const { transactions, effects, outcomes } = this.#parts
    const named = this.#reference(frame.headers)
    const isReceipted = frame.headers.has('receipt')
    const request: AckRequest | undefined = named && { command, reference: named, isReceipted }
    const transaction = frame.headers.get('transaction')
    if (transaction === undefined) return request ? effects.request(frame, request) : outcomes.settled(frame)
    transactions.check(transaction, frame)
    transactions.add(transaction, frame, {
      kind: 'broker',
      requests: () => (request === undefined ? [] : [request]),
    })
    outcomes.settled(frame)
  }

  /** Undefined: a message of a subscription route, for which nobody waits; some clients acknowledge whatever they get. */
  #reference(headers: Headers): AckReference | undefined {
    const { caller, subscriptions } = this.#parts
    // STOMP 1.2 names the delivery by its `ack`, the versions before by message and subscription.
    if (caller.version === '1.2') return { ack: headers.get('id') ?? '' }
    const messageId = headers.get('message-id') ?? ''
    const shownId = headers.get('subscription')
    if (shownId === undefined) return { messageId, subscription: undefined }
    const found = subscriptions.find(shownId, undefined)
    if (found !== undefined) return found.kind === 'route' ? undefined : { messageId, subscription: found.id }
    throw new StompError('STOMP_ERR_ACK_UNKNOWN', { message: `There is no subscription with the id '${shownId}'` })
  }
}
