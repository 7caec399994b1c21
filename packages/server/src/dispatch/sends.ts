import type { Frame } from '@hoofbeat/codec'
import type { Channel, SendRequest, Settled, TransactionRequest } from '../broker/broker.js'
import { StompError } from '../errors.js'
import type { Invocation, MessageMatch } from '../routes/routes.js'
import { type Authorization, joined } from './authorization.js'
import type { DispatchCaller, DispatchParts } from './dispatch-parts.js'
import type { Effects } from './effects.js'
import { KeptFrame } from './kept-frame.js'
import type { Outcomes } from './outcomes.js'
import type { RouteCalls } from './route-calls.js'
import type { SendKind, SessionDestinations } from './session-destinations.js'
import type { Transactions } from './transactions.js'

/** Takes the SEND frames of one session: to a message route or to the broker, now or at the COMMIT of a transaction. */
export interface Sends {
  /** Throws a refusal that is plain at once. */
  send(frame: Frame): void
}

/** What the SENDs of one session go through. */
export interface SendsParts {
  readonly shared: DispatchParts
  readonly caller: DispatchCaller
  readonly channel: Pick<Channel, 'handle' | 'commit'>
  readonly destinations: SessionDestinations
  readonly transactions: Transactions
  readonly authorization: Authorization
  readonly effects: Effects
  readonly outcomes: Outcomes
  readonly calls: RouteCalls
}

/** Makes the SENDs of one session. */
export function createSends(parts: SendsParts): Sends {
  return new SessionSends(parts)
}

class SessionSends implements Sends {
  readonly #parts: SendsParts

  constructor(parts: SendsParts) {
    this.#parts = parts
  }

  send(frame: Frame): void {
    const { shared, destinations, transactions } = this.#parts
    const { headers } = frame
    const destination = headers.get('destination') ?? ''
    const segments = destinations.segments(destination)
    const kind = destinations.sendKind(destination, segments)
    const transaction = headers.get('transaction')
    if (transaction !== undefined) transactions.check(transaction, frame)
    const { syntax, applicationPrefix, routes, rules, hooks } = shared
    if (syntax.isBelow(destination, applicationPrefix)) {
      const match = routes.findMessage(syntax.rest(destination, applicationPrefix))
      if (match === undefined) {
        throw new StompError('STOMP_ERR_ROUTE_UNKNOWN', { message: `No message route matches '${destination}'` })
      }
      const toRoute = (): void => this.#toRoute(frame, match, transaction)
      return this.#whenAllowed(frame, destination, joined(hooks.authorizeSend, match.hooks), toRoute)
    }
    // Nobody has a rule for what is the session's own, and the name in a reply-to is the right to send there.
    if ((kind === 'broker' || kind === 'user') && !rules.maySend(segments)) {
      throw new StompError('STOMP_ERR_FORBIDDEN', { message: `Clients may not SEND to '${destination}'` })
    }
    if (hooks.authorizeSend.length === 0) return this.#toBroker(frame, destination, kind, transaction)
    this.#whenAllowed(frame, destination, hooks.authorizeSend, () =>
      this.#toBroker(frame, destination, kind, transaction),
    )
  }

  #whenAllowed(
    frame: Frame,
    destination: string,
    hooks: DispatchParts['hooks']['authorizeSend'],
    effect: () => void,
  ): void {
    const { authorization, caller } = this.#parts
    const { headers, body } = frame
    const request = { destination, headers, body, user: caller.user, sessionId: caller.sessionId }
    authorization.whenAllowed(frame, hooks, request, effect)
  }

  #toBroker(frame: Frame, destination: string, kind: SendKind, transaction: string | undefined): void {
    const { channel, destinations, transactions, effects, outcomes } = this.#parts
    const { body } = transaction === undefined ? frame : new KeptFrame(frame, frame.headers)
    const request: SendRequest = { command: 'SEND', destination, headers: destinations.addressed(frame.headers), body }
    if (kind === 'broker' && transaction === undefined) return effects.settle(frame, () => channel.handle(request))
    const requests = (): readonly TransactionRequest[] => {
      if (kind === 'broker') return [request]
      return destinations.targets(destination, kind).map((target) => ({ ...request, destination: target }))
    }
    if (transaction === undefined) return effects.settle(frame, () => this.#toEach(requests()))
    transactions.add(transaction, frame, { kind: 'broker', requests })
    outcomes.settled(frame)
  }

  /** One SEND to a user means several, together, or none. */
  #toEach(requests: readonly TransactionRequest[]): Settled {
    const [only] = requests
    if (only === undefined) return undefined
    return requests.length === 1 ? this.#parts.channel.handle(only) : this.#parts.channel.commit(requests)
  }

  #toRoute(frame: Frame, match: MessageMatch, transaction: string | undefined): void {
    const { caller, destinations, transactions, authorization, outcomes, calls } = this.#parts
    const addressed = destinations.addressed(frame.headers)
    const isAsItCame = addressed === frame.headers && transaction === undefined
    const prepared = match.prepare(isAsItCame ? frame : new KeptFrame(frame, addressed), caller)
    if (transaction === undefined) return calls.settle(frame, prepared)
    const admit = (invocation: Invocation): void => {
      transactions.add(transaction, frame, { kind: 'route', invocation })
      outcomes.settled(frame)
    }
    // No COMMIT may overtake what could still be refused.
    if (prepared instanceof Promise) authorization.whenKnown(frame, prepared, admit)
    else admit(prepared)
  }
}
