import type { Frame } from '@hoofbeat/codec'
import type { Channel, Subscriber, TransactionRequest } from '../broker/broker.js'
import { StompError } from '../errors.js'
import type { Delivery, Taken } from '../message/delivery.js'
import type { Message } from '../message/message.js'
import { type Acknowledgements, createAcknowledgements } from './acknowledgements.js'
import { type Authorization, createAuthorization } from './authorization.js'
import type { DispatchCaller, DispatchParts } from './dispatch-parts.js'
import { createEffects, type Effects } from './effects.js'
import { createHandlers } from './handlers.js'
import { createHookGate } from './hook-gate.js'
import { createOutcomes, type Outcomes } from './outcomes.js'
import type { Recipient } from './recipient.js'
import type { TempQueues } from './reply-queues.js'
import { createRouteCalls, type RouteCalls } from './route-calls.js'
import { createSends, type Sends } from './sends.js'
import { createSessionDestinations } from './session-destinations.js'
import { createSubscribes, type Subscribes } from './subscribes.js'
import { createSubscriptionList } from './subscription-list.js'
import { createTransactions, type Transactions } from './transactions.js'

export type { DispatchCaller, DispatchLimits, DispatchParts } from './dispatch-parts.js'

/**
 * Where one session's frames go: hooks, then a message route or the broker. Frames take effect in the order in which
 * they are handed over: while a hook is pending the recipient is paused. A running route handler holds up nobody until
 * `maxRunningHandlers` run.
 */
export interface Dispatcher {
  /** Takes a client frame whose required headers were checked; the recipient is told the outcome once. */
  handle(frame: Frame): void
  /** After the recipient was full: there is room again. */
  ready(): void
  /** The session is over: its subscriptions and transactions end. Handlers that run go on, their publications still count. */
  close(): void
}

/** Opens the dispatcher of one session. */
export function openDispatcher(recipient: Recipient, caller: DispatchCaller, parts: DispatchParts): Dispatcher {
  return new SessionDispatcher(recipient, caller, parts)
}

class SessionDispatcher implements Dispatcher, Subscriber {
  readonly #channel: Channel
  readonly #leave: () => void
  readonly #tempQueues: TempQueues
  readonly #outcomes: Outcomes
  readonly #effects: Effects
  readonly #transactions: Transactions
  readonly #authorization: Authorization
  readonly #calls: RouteCalls
  readonly #sends: Sends
  readonly #subscribes: Subscribes
  readonly #acknowledgements: Acknowledgements
  #isClosed = false

  constructor(recipient: Recipient, caller: DispatchCaller, shared: DispatchParts) {
    const { broker, users, replyQueues, syntax, publications, nextMessageId, limits, after } = shared
    const { sessionId, user, clientId, version } = caller
    const channel = broker.attach(this, { sessionId, userName: user?.name, clientId })
    this.#channel = channel
    this.#leave = users.add({ sessionId, user })
    this.#tempQueues = replyQueues.open(sessionId)
    const outcomes = createOutcomes(recipient)
    this.#outcomes = outcomes
    const effects = createEffects(recipient, outcomes, () => channel.ready())
    this.#effects = effects
    const transactions = createTransactions(limits)
    this.#transactions = transactions

    const updatePaused = (): void => recipient.setPaused(gate.isPending || handlers.isFull)
    const gate = createHookGate(limits.hookTimeoutMs, after, updatePaused)
    const handlers = createHandlers(limits.maxRunningHandlers, updatePaused)
    const authorization = createAuthorization(gate, outcomes)
    this.#authorization = authorization

    const tempQueues = this.#tempQueues
    const destinations = createSessionDestinations({ sessionId, syntax, publications, tempQueues })
    const subscriptions = createSubscriptionList(limits.maxSubscriptions)
    const calls = createRouteCalls({
      ...{ caller, recipient, handlers, effects, outcomes, subscriptions, publications, nextMessageId },
    })
    this.#calls = calls
    const common = { shared, caller, channel, destinations, authorization, effects, outcomes, calls }
    this.#sends = createSends({ ...common, transactions })
    this.#subscribes = createSubscribes({ ...common, subscriptions })
    this.#acknowledgements = createAcknowledgements({
      ...{ version, channel, subscriptions, transactions, effects, outcomes },
    })
  }

  handle(frame: Frame): void {
    try {
      switch (frame.command) {
        case 'SEND':
          return this.#sends.send(frame)
        case 'SUBSCRIBE':
          return this.#subscribes.subscribe(frame)
        case 'UNSUBSCRIBE':
          return this.#subscribes.unsubscribe(frame)
        case 'ACK':
        case 'NACK':
          return this.#acknowledgements.answer(frame, frame.command)
        case 'BEGIN':
          this.#transactions.begin(frame.headers.get('transaction') ?? '')
          return this.#outcomes.settled(frame)
        case 'ABORT':
          this.#transactions.take(frame.headers.get('transaction') ?? '')
          return this.#outcomes.settled(frame)
        case 'COMMIT':
          return this.#commit(frame)
        default:
          throw new StompError('STOMP_ERR_UNSUPPORTED', { message: `${frame.command} is not offered by this server` })
      }
    } catch (error) {
      this.#outcomes.refused(frame, error)
    }
  }

  ready(): void {
    this.#effects.ready()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#authorization.close()
    this.#leave()
    // First: what is addressed here from now on is dropped, not refused.
    this.#tempQueues.end()
    this.#channel.detach()
  }

  // From the broker.

  deliver(message: Message, delivery: Delivery): Taken {
    return this.#effects.deliver(message, delivery)
  }

  refuse(error: StompError): void {
    this.#outcomes.failed(error)
  }

  /** The broker's part together, or nothing; then the routes, in their order. */
  #commit(frame: Frame): void {
    const admitted = this.#transactions.take(frame.headers.get('transaction') ?? '')
    const commit = (): ReturnType<Channel['commit']> => {
      const requests: TransactionRequest[] = []
      for (const each of admitted) if (each.kind === 'broker') requests.push(...each.requests())
      return requests.length === 0 ? undefined : this.#channel.commit(requests)
    }
    this.#effects.settle(frame, commit, {
      next: () => {
        for (const each of admitted) if (each.kind === 'route') this.#calls.follow(each.invocation)
      },
    })
  }
}
