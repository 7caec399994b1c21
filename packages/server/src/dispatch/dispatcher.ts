import type { Frame } from '@hoofbeat/codec'
import type { Channel, ChannelOwner, TransactionRequest } from '../broker/broker.js'
import { StompError } from '../errors.js'
import type { User } from '../hooks/user.js'
import type { SessionGauge } from '../observe/figures.js'
import type { SessionPresence } from '../users/presence.js'
import type { Member } from '../users/user-registry.js'
import type { SessionSubscription } from '../users/users.js'
import { type Acknowledgements, createAcknowledgements } from './acknowledgements.js'
import { type Authorization, createAuthorization } from './authorization.js'
import type { DispatchCaller, DispatchParts } from './dispatch-parts.js'
import { createEffects, type Effects } from './effects.js'
import { type ChangeListener, createHandlers, type Handlers } from './handlers.js'
import { createHookGate, type HookGate } from './hook-gate.js'
import { createOutcomes, type Outcomes } from './outcomes.js'
import type { Recipient } from './recipient.js'
import { renew } from './renewals.js'
import type { TempQueues } from './reply-queues.js'
import { type CallingSession, createRouteCaller } from './route-caller.js'
import { createRouteCalls, type RouteCalls } from './route-calls.js'
import { createSends, type Sends } from './sends.js'
import { createSessionDestinations, type SessionDestinations } from './session-destinations.js'
import { isListening, replyOf, SOFT_REFUSALS, tellSoftly } from './soft-refusals.js'
import { createStreams, type Streams } from './streams.js'
import { createSubscribes, type Subscribes } from './subscribes.js'
import { createSubscriptionList, type SubscriptionList } from './subscription-list.js'
import { createTransactions, type Transactions } from './transactions.js'

export type { DispatchCaller, DispatchLimits, DispatchParts } from './dispatch-parts.js'

/**
 * Where one session's frames go: hooks, then a message route or the broker. Frames take effect in the order in which
 * they are handed over: while a hook is pending the recipient is paused. A running route handler holds up nobody until
 * `maxRunningHandlers` run.
 */
export interface Dispatcher {
  /** Whose session it is now; undefined: an anonymous one. */
  readonly user: User | undefined
  /** Takes a client frame whose required headers were checked; the recipient is told the outcome once. */
  handle(frame: Frame): void
  /** Takes a client frame that is to have no effect, for the reason given; the recipient is told the outcome once. */
  refuse(frame: Frame, error: StompError): void
  /** The user of the session says something else than before, under the same name: so it is told to all from now on. */
  renewed(user: User): void
  /** After the recipient was full: there is room again. */
  ready(): void
  /** The session takes nothing more in: streams end, while handlers that run are waited for. */
  leave(): void
  /** The session is over: its subscriptions and transactions end. Handlers that run go on, their publications still count. */
  close(): void
  /** The last call, behind `close`: the connection of the session is gone. */
  gone(code: number, reason: string): void
}

/** Opens the dispatcher of one session; `credentials` go to a broker that wants them, and are not kept. */
export function openDispatcher(
  recipient: Recipient,
  caller: DispatchCaller,
  parts: DispatchParts,
  credentials?: ChannelOwner['credentials'],
): Dispatcher {
  return new SessionDispatcher(recipient, caller, parts, credentials)
}

/*
 * The parts of a dispatcher turn to one another through it: there are a dozen of them for each session, and an idle one
 * should weigh little. So they are made with the dispatcher itself, and look at it when they are used, not before.
 */
class SessionDispatcher implements Dispatcher, ChangeListener, Member {
  readonly shared: DispatchParts
  caller: DispatchCaller
  readonly recipient: Recipient
  readonly channel: Channel
  readonly tempQueues: TempQueues
  readonly outcomes: Outcomes
  readonly effects: Effects
  readonly transactions: Transactions
  readonly authorization: Authorization
  readonly handlers: Handlers
  readonly destinations: SessionDestinations
  readonly subscriptions: SubscriptionList
  readonly calls: RouteCalls
  readonly #gate: HookGate
  readonly #sends: Sends
  readonly #subscribes: Subscribes
  readonly #acknowledgements: Acknowledgements
  #presence: SessionPresence | undefined
  #routeCaller: CallingSession | undefined
  #streams: Streams | undefined
  /** How many more refusals it may be told softly for now. */
  #softLeft = SOFT_REFUSALS.count
  #isLeaving = false
  #isClosed = false

  constructor(
    recipient: Recipient,
    caller: DispatchCaller,
    shared: DispatchParts,
    credentials: ChannelOwner['credentials'],
  ) {
    const { broker, users, presence, replyQueues, limits } = shared
    const { sessionId, user, clientId, transport } = caller
    this.shared = shared
    this.caller = caller
    this.recipient = recipient
    this.outcomes = createOutcomes(recipient, shared.isSoft ? (frame, error) => this.#soften(frame, error) : undefined)
    this.effects = createEffects(recipient, this.outcomes)
    const owner = { sessionId, userName: user?.name, clientId }
    this.channel = broker.attach(this.effects, broker.wantsCredentials ? { ...owner, credentials } : owner)
    this.effects.channel = this.channel
    users.add(this)
    this.tempQueues = replyQueues.open(sessionId)
    this.transactions = createTransactions(limits)
    this.#gate = createHookGate(this, shared)
    this.handlers = createHandlers(limits.maxRunningHandlers, this)
    this.authorization = createAuthorization(this.#gate, this.outcomes)
    this.destinations = createSessionDestinations(this)
    this.subscriptions = createSubscriptionList(limits.maxSubscriptions)
    this.calls = createRouteCalls(this)
    this.#sends = createSends(this)
    this.#subscribes = createSubscribes(this)
    this.#acknowledgements = createAcknowledgements(this)
    this.#presence = transport === undefined ? undefined : presence.open({ sessionId, user, transport })
  }

  get sessionId(): string {
    return this.caller.sessionId
  }

  get user(): User | undefined {
    return this.caller.user
  }

  // Somebody may begin to look on while the session lives.
  get presence(): SessionPresence | undefined {
    if (this.#presence !== undefined || !this.shared.presence.isWanted || this.#isClosed) return this.#presence
    const { sessionId, user, transport } = this.caller
    if (transport !== undefined) this.#presence = this.shared.presence.open({ sessionId, user, transport })
    return this.#presence
  }

  get gauge(): SessionGauge | undefined {
    const { transport } = this.caller
    if (transport === undefined) return undefined
    const { rung, waitingBytes = 0 } = this.recipient.carrier ?? {}
    return { transport, rung, waitingBytes, subscriptionCount: this.listSubscriptions().length }
  }

  // Most sessions never call a route, and an idle one should weigh little.
  get routeCaller(): CallingSession {
    this.#routeCaller ??= createRouteCaller(this)
    if (this.#isClosed) this.#routeCaller.end()
    return this.#routeCaller
  }

  get streams(): Streams {
    this.#streams ??= createStreams(this.shared.limits.maxStreams, this.effects)
    if (this.#isLeaving) this.#streams.end()
    return this.#streams
  }

  get isOver(): boolean {
    return this.#isClosed
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
          this.transactions.begin(frame.headers.get('transaction') ?? '')
          return this.outcomes.settled(frame)
        case 'ABORT':
          this.transactions.take(frame.headers.get('transaction') ?? '')
          return this.outcomes.settled(frame)
        case 'COMMIT':
          return this.#commit(frame)
        default:
          throw new StompError('STOMP_ERR_UNSUPPORTED', { message: `${frame.command} is not offered by this server` })
      }
    } catch (error) {
      this.outcomes.refused(frame, error)
    }
  }

  renewed(user: User): void {
    this.caller = { ...this.caller, user }
    this.shared.users.renewed(this)
    this.#presence?.renewed(user)
  }

  /** For the SENDs. */
  renew(frame: Frame): void {
    renew(frame, this, this.#gate)
  }

  refuse(frame: Frame, error: StompError): void {
    this.outcomes.refused(frame, error)
  }

  ready(): void {
    this.effects.ready()
    this.#streams?.ready()
  }

  leave(): void {
    this.#isLeaving = true
    this.#streams?.end()
  }

  close(): void {
    if (this.#isClosed) return
    this.leave()
    this.#isClosed = true
    this.authorization.close()
    this.#routeCaller?.end()
    this.shared.users.remove(this)
    // First: what is addressed here from now on is dropped, not refused.
    this.tempQueues.end()
    this.channel.detach()
    this.#presence?.left()
  }

  gone(code: number, reason: string): void {
    this.#presence?.gone(code, reason)
  }

  listSubscriptions(destination?: string): readonly SessionSubscription[] {
    return this.subscriptions.listActive(destination)
  }

  expel(error: StompError): Promise<void> {
    return this.recipient.expel(error)
  }

  /** Of the hook gate and the handlers: the session reads on, or not. */
  changed(): void {
    this.recipient.setPaused(this.#gate.isPending || this.handlers.isFull)
  }

  mayTellSoftly(): boolean {
    const { count, withinMs } = SOFT_REFUSALS
    if (this.#softLeft === count) {
      this.shared.after(withinMs, () => {
        this.#softLeft = count
      })
    }
    if (this.#softLeft === 0) return false
    this.#softLeft--
    return true
  }

  #soften(frame: Frame, error: StompError): boolean {
    // What belongs to a transaction counts together or not at all.
    if (frame.headers.has('transaction') || !isListening(this) || !this.mayTellSoftly()) return false
    tellSoftly(this, frame, replyOf(error)).then(
      () => this.outcomes.answered(frame, error),
      () => this.recipient.refused(frame, error),
    )
    return true
  }

  /** The broker's part together, or nothing; then the routes, in their order. */
  #commit(frame: Frame): void {
    const admitted = this.transactions.take(frame.headers.get('transaction') ?? '')
    const commit = (): ReturnType<Channel['commit']> => {
      const requests: TransactionRequest[] = []
      for (const each of admitted) if (each.kind === 'broker') requests.push(...each.requests())
      return requests.length === 0 ? undefined : this.channel.commit(requests)
    }
    this.effects.settle(frame, commit, {
      next: () => {
        for (const each of admitted)
          if (each.kind === 'route') this.calls.follow(each.head, each.match, each.invocation)
      },
    })
  }
}
