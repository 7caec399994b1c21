import { createHeaders, type Frame } from '@hoofbeat/codec'
import type { Channel, Publication, SendRequest, Settled, TransactionRequest } from '../broker/broker.js'
import { StompError } from '../errors.js'
import type { Invocation, MessageMatch, RouteCaller } from '../routes/routes.js'
import { type Authorization, askHooks, joined } from './authorization.js'
import { SendDestinationRequest } from './authorize-request.js'
import type { DispatchCaller, DispatchParts } from './dispatch-parts.js'
import type { Effects } from './effects.js'
import { headOf, KeptFrame } from './kept-frame.js'
import type { Outcomes } from './outcomes.js'
import type { Targets } from './publications.js'
import { RENEWAL_DESTINATION } from './renewals.js'
import type { RouteCalls } from './route-calls.js'
import type { SendKind, SessionDestinations } from './session-destinations.js'
import { both, reachedHereOnly } from './settling.js'
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
  readonly routeCaller: RouteCaller
  readonly channel: Pick<Channel, 'handle' | 'commit'>
  readonly destinations: SessionDestinations
  readonly transactions: Transactions
  readonly authorization: Authorization
  readonly effects: Effects
  readonly outcomes: Outcomes
  readonly calls: RouteCalls
  /** Takes what is sent to {@link RENEWAL_DESTINATION}. */
  renew(frame: Frame): void
}

const NO_SEGMENTS: readonly string[] = []

/** Of a longer frame no text is remembered: a part of it may keep all of it in memory. */
const MAX_BODY_BYTES = 1_024

/** Makes the SENDs of one session. */
export function createSends(parts: SendsParts): Sends {
  return new SessionSends(parts)
}

class SessionSends implements Sends {
  readonly #parts: SendsParts
  /** The destination of the broker that was sent to last: what is known of it stays true. Most clients send there again. */
  #allowed: string | undefined

  constructor(parts: SendsParts) {
    this.#parts = parts
  }

  send(frame: Frame): void {
    const { destinations, transactions, shared } = this.#parts
    const { headers } = frame
    const destination = headers.get('destination') ?? ''
    const isKnown = destination === this.#allowed
    if (!isKnown && destination === RENEWAL_DESTINATION) return this.#parts.renew(frame)
    const segments = isKnown ? NO_SEGMENTS : destinations.segments(destination)
    const kind = isKnown ? 'broker' : destinations.sendKind(destination, segments)
    const transaction = headers.get('transaction')
    if (transaction !== undefined) transactions.check(transaction, frame)
    if (!isKnown && !this.#isForBroker(destination, segments, kind)) {
      return this.#askRoute(frame, destination, transaction)
    }
    if (kind === 'broker' && frame.body.length <= MAX_BODY_BYTES && shared.rules.areLasting) this.#allowed = destination
    const pending = this.#ask(frame, destination, shared.hooks.authorizeSend)
    if (pending === undefined) this.#toBroker(frame, destination, kind, transaction)
    else this.#toBrokerLater(frame, pending, destination, kind, transaction)
  }

  /** False for message routes. Throws where the rules forbid it. */
  #isForBroker(destination: string, segments: readonly string[], kind: SendKind): boolean {
    const { caller, shared } = this.#parts
    const { syntax, applicationPrefix, rules } = shared
    if (syntax.isBelow(destination, applicationPrefix)) return false
    // Nobody has a rule for what is the session's own, and the name in a reply-to is the right to send there.
    if (kind === 'own' || kind === 'reply' || rules.maySend(segments, caller.user)) return true
    throw new StompError('STOMP_ERR_FORBIDDEN', { message: `Clients may not SEND to '${destination}'` })
  }

  #askRoute(frame: Frame, destination: string, transaction: string | undefined): void {
    const { authorization, shared } = this.#parts
    const { syntax, applicationPrefix, routes, hooks } = shared
    const match = routes.findMessage(syntax.rest(destination, applicationPrefix))
    if (match === undefined) {
      throw new StompError('STOMP_ERR_ROUTE_UNKNOWN', { message: `No message route matches '${destination}'` })
    }
    const pending = this.#ask(frame, destination, joined(hooks.authorizeSend, match.hooks))
    if (pending === undefined) return this.#toRoute(frame, match, transaction)
    authorization.whenAllowed(frame, pending, () => this.#toRoute(frame, match, transaction))
  }

  #ask(frame: Frame, destination: string, hooks: DispatchParts['hooks']['authorizeSend']): undefined | Promise<void> {
    if (hooks.length === 0) return undefined
    const { caller, shared } = this.#parts
    const { headers, body } = frame
    return askHooks(hooks, new SendDestinationRequest(destination, headers, caller, shared.syntax, body))
  }

  // Of its own: a function that makes a closure costs each of its calls, whether it is made or not.
  #toBrokerLater(
    frame: Frame,
    pending: Promise<void>,
    destination: string,
    kind: SendKind,
    transaction: string | undefined,
  ): void {
    this.#parts.authorization.whenAllowed(frame, pending, () => this.#toBroker(frame, destination, kind, transaction))
  }

  #toBroker(frame: Frame, destination: string, kind: SendKind, transaction: string | undefined): void {
    const { destinations, effects } = this.#parts
    const { body } = transaction === undefined ? frame : new KeptFrame(frame, frame.headers)
    const request: SendRequest = { command: 'SEND', destination, headers: destinations.addressed(frame.headers), body }
    if (kind === 'broker' && transaction === undefined) return effects.request(frame, request)
    this.#toEach(frame, request, kind, transaction)
  }

  #toEach(frame: Frame, request: SendRequest, kind: SendKind, transaction: string | undefined): void {
    const { destinations, transactions, effects, outcomes } = this.#parts
    if (transaction === undefined) {
      return effects.settle(frame, () => this.#toTargets(request, destinations.targets(request, kind)))
    }
    const requests = (): readonly TransactionRequest[] => {
      if (kind === 'broker') return [request]
      const { here, elsewhere } = destinations.targets(request, kind)
      const sends: TransactionRequest[] = here.map((destination) => ({ ...request, destination }))
      if (elsewhere !== undefined) sends.push(toNodes(elsewhere, request))
      return sends
    }
    transactions.add(transaction, frame, { kind: 'broker', requests })
    outcomes.settled(frame)
  }

  /** What sessions of this node get does not wait for a broker elsewhere. */
  #toTargets(request: SendRequest, { here, elsewhere }: Targets): Settled {
    const settled = this.#together(here.map((destination) => ({ ...request, destination })))
    if (elsewhere === undefined) return settled
    return both(settled, () => reachedHereOnly(() => this.#parts.channel.handle(toNodes(elsewhere, request))))
  }

  /** One SEND to a user means several, together, or none. */
  #together(requests: readonly SendRequest[]): Settled {
    const [only] = requests
    if (only === undefined) return undefined
    return requests.length === 1 ? this.#parts.channel.handle(only) : this.#parts.channel.commit(requests)
  }

  #toRoute(frame: Frame, match: MessageMatch, transaction: string | undefined): void {
    const { shared, destinations, transactions, authorization, outcomes, calls } = this.#parts
    const addressed = destinations.addressed(frame.headers)
    const isAsItCame = addressed === frame.headers && transaction === undefined
    const kept = isAsItCame ? frame : new KeptFrame(frame, addressed)
    let prepared: Invocation | Promise<Invocation>
    try {
      if (match.usesReplyTo) shared.publications.checkReplyTo(addressed.get('reply-to'))
      prepared = match.prepare(kept, this.#parts.routeCaller)
    } catch (error) {
      if (transaction !== undefined) throw error
      return calls.fail(frame, match, error)
    }
    if (transaction === undefined) return calls.settle(frame, match, prepared)
    const admit = (invocation: Invocation): void => {
      transactions.add(transaction, frame, { kind: 'route', head: headOf(frame), match, invocation })
      outcomes.settled(frame)
    }
    // No COMMIT may overtake what could still be refused.
    if (prepared instanceof Promise) authorization.whenKnown(frame, prepared, admit)
    else admit(prepared)
  }
}

/** Receipted by the broker where the client asks for it. */
function toNodes({ destination, headers, body }: Publication, request: SendRequest): SendRequest {
  const receipt = request.headers.get('receipt')
  return {
    command: 'SEND',
    destination,
    headers: receipt === undefined ? headers : createHeaders([...headers, ['receipt', receipt]]),
    body,
  }
}
