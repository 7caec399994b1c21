import { StompError } from '../../errors.js'
import type { Delivery, Taken } from '../../message/delivery.js'
import type { Message } from '../../message/message.js'
import {
  type AckRequest,
  type Broker,
  type BrokerRequest,
  type Channel,
  type ChannelOwner,
  INNER,
  NODES,
  type SendRequest,
  type Settled,
  type SubscribeRequest,
  type Subscriber,
  type TransactionRequest,
  type UnsubscribeRequest,
} from '../broker.js'
import type { BrokerParts } from '../broker-factory.js'
import type { ChannelFlow } from '../embedded/live-subscription.js'
import { type PrefetchBounds, readDemands, type SubscribeDemands } from '../embedded/subscribe-demands.js'
import { TEMP_QUEUE } from '../embedded/temp-queues.js'
import { ChannelDurables } from './channel-durables.js'
import { type ChannelSubscription, ChannelSubscriptions, INNER_ACK } from './channel-subscriptions.js'
import type { DurableHold, Durables } from './durables.js'
import type { Leg } from './leg.js'
import type { LegHold } from './leg-hold.js'
import { Outcome } from './leg-request.js'
import { NO_HISTORY } from './not-offered.js'
import { OwnSubscription, type OwnSubscriptionParts } from './own-subscription.js'
import type { HeaderLine } from './profile.js'
import { ReceiptsFirst } from './receipts-first.js'
import { commitPlanned, type Planned } from './relay-commit.js'
import type { RelaySends } from './relay-sends.js'
import { REPEATED } from './relayed-message.js'
import { RequestLine } from './request-line.js'
import type { SharedTopics } from './shared-topics.js'

/** What a channel works with. */
export interface RelayChannelParts extends Omit<OwnSubscriptionParts, 'receiptsFirst'> {
  /** For what the client sends, its queues, and its answers: the same for all its life. */
  readonly leg: Leg
  /** Takes what is said at the nodes' own topics. */
  readonly nodeLeg: Pick<Leg, 'send'>
  readonly topics: SharedTopics
  /** Of a client that has `leg` for itself: holds it while it is full of topics. Undefined: nobody waits for one client. */
  readonly hold?: LegHold | undefined
  readonly sends: RelaySends
  readonly inner: Broker
  readonly prefetch: PrefetchBounds
  readonly durables: Durables
  readonly nextTransaction: () => string
  readonly after: BrokerParts['after']
  /** Runs behind the present turn of the event loop. */
  readonly soon: BrokerParts['clock']['soon']
  /** How long a SUBSCRIBE waits for the broker. */
  readonly waitMs: number
  /** Throws STOMP_ERR_CLOSING when the broker has ended. */
  readonly checkOpen: () => void
  /** Told once, when the channel ends. */
  readonly detached: () => void
}

/** A channel of a relay, as its broker knows it. */
export interface RelayChannel extends Channel {
  /** Nothing is delivered any more. */
  stop(): void
  /** The broker cannot keep what it has promised. */
  refuse(error: StompError): void
}

/** Opens the channel of one session. */
export function openRelayChannel(subscriber: Subscriber, owner: ChannelOwner, parts: RelayChannelParts): RelayChannel {
  return new SessionChannel(subscriber, owner, parts)
}

class SessionChannel implements RelayChannel {
  readonly #parts: RelayChannelParts
  readonly #flow: ChannelFlow
  /** The same, for subscriptions that have no credit. */
  readonly #topicFlow: ChannelFlow
  readonly #receiptsFirst: ReceiptsFirst
  readonly #inner: Channel
  readonly #line = new RequestLine()
  readonly #subscriptions = new ChannelSubscriptions()
  readonly #durables: ChannelDurables
  #isDetached = false
  #isStopped = false

  constructor(subscriber: Subscriber, owner: ChannelOwner, parts: RelayChannelParts) {
    this.#parts = parts
    this.#durables = new ChannelDurables(owner, parts)
    const { after, soon, hold } = parts
    const full = (): void => {
      this.#flow.isFull = true
    }
    const told = (): void => this.#goOn()
    this.#receiptsFirst = new ReceiptsFirst(subscriber, { after, soon, full, told })
    const guarded: Subscriber = {
      deliver: (message, delivery) => (this.#isStopped ? 'dropped' : this.#receiptsFirst.deliver(message, delivery)),
      refuse: (error) => {
        if (!this.#isStopped) subscriber.refuse(error)
      },
    }
    this.#flow = { subscriber: guarded, isFull: false }
    this.#topicFlow = hold?.watch(this.#flow) ?? this.#flow
    this.#inner = parts.inner.attach(
      { deliver: (message, delivery) => this.#deliverInner(message, delivery), refuse: guarded.refuse },
      owner,
    )
  }

  handle(request: BrokerRequest): Settled {
    const isBarrier = request.command === 'SUBSCRIBE' || request.command === 'UNSUBSCRIBE'
    return this.#line.run(isBarrier, () => this.#do(request))
  }

  commit(requests: readonly TransactionRequest[]): Settled {
    return this.#line.run(false, () => this.#commit(requests))
  }

  ready(): void {
    if (this.#isStopped) return
    this.#flow.isFull = false
    this.#giveInTurn()
    // Where that was too much again, what has come for others is read at least: each is to have its turn.
    if (!this.#isStopped) this.#parts.hold?.release()
  }

  #giveInTurn(): void {
    for (const subscription of this.#subscriptions.list()) {
      if (this.#flow.isFull || this.#isStopped) return
      this.#subscriptions.takeTurn(subscription)
      subscription.ready()
    }
    if (!this.#flow.isFull && !this.#isStopped) this.#inner.ready()
  }

  refuse(error: StompError): void {
    this.#flow.subscriber.refuse(error)
  }

  #goOn(): void {
    for (const subscription of this.#subscriptions.list()) {
      if (subscription instanceof OwnSubscription) subscription.goOn()
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#flow.isFull = true
    this.#receiptsFirst.end()
  }

  detach(): void {
    if (this.#isDetached) return
    this.#isDetached = true
    this.stop()
    const subscriptions = this.#subscriptions.list()
    this.#subscriptions.clear()
    for (const subscription of subscriptions) this.#end(subscription, false)?.catch(() => {})
    this.#inner.detach()
    this.#parts.detached()
  }

  #do(request: BrokerRequest): Settled {
    this.#parts.checkOpen()
    switch (request.command) {
      case 'SEND':
        return this.#send(request)
      case 'SUBSCRIBE':
        return this.#isDetached ? undefined : this.#subscribe(request)
      case 'UNSUBSCRIBE':
        return this.#unsubscribe(request)
      case 'ACK':
      case 'NACK':
        return this.#answer(request)
      default:
        return request satisfies never
    }
  }

  #send(request: SendRequest): Settled {
    const { destination, headers } = request
    const { leg, nodeLeg, sends } = this.#parts
    const isReceipted = headers.has('receipt')
    if (destination.startsWith(NODES)) return nodeLeg.send([sends.nodeFrame(request)], isReceipted, REPEATED)
    if (destination.startsWith(INNER)) return this.#inner.handle(request)
    const frames = [sends.frame(request)]
    const settled = leg.send(frames, isReceipted, REPEATED)
    return isReceipted ? this.#receiptsFirst.follow(frames, settled) : settled
  }

  #subscribe(request: SubscribeRequest): Settled {
    const { destination, headers, id } = request
    if (destination.startsWith(INNER)) {
      const settled = this.#inner.handle(request)
      this.#subscriptions.addInner(id)
      return settled
    }
    const demands = readDemands(headers, this.#parts.prefetch)
    if (demands.replay !== undefined) throw new StompError('STOMP_ERR_UNSUPPORTED', NO_HISTORY)
    const kind = this.#parts.sends.kindOf(destination)
    const isOwn = kind === 'queue' || demands.isDurable
    return isOwn ? this.#subscribeOwn(request, demands, kind === 'queue') : this.#subscribeTopic(request, demands)
  }

  #subscribeTopic(request: SubscribeRequest, demands: SubscribeDemands): Settled {
    const number = this.#subscriptions.nextNumber()
    const { subscription, settled } = this.#parts.topics.subscribe({ request, demands, number, flow: this.#topicFlow })
    this.#add(request.id, subscription)
    return settled?.catch((error: unknown) => {
      this.#subscriptions.remove(request.id, subscription)
      throw error
    })
  }

  #subscribeOwn(request: SubscribeRequest, demands: SubscribeDemands, isQueue: boolean): Settled {
    const { destination, headers } = request
    const { prefetch } = demands
    const durableName = demands.isDurable
      ? this.#durables.nameOf(demands.clientId, request.shownId, isQueue)
      : undefined
    const lines = this.#parts.profile.subscribeOwn({ destination, headers, prefetch, durableName })
    const begin = (hold?: DurableHold): Promise<void> => this.#begin(request, demands, { lines, hold })
    if (durableName === undefined) return begin()
    const hold = this.#durables.hold(durableName)
    if (hold.free === undefined) return begin(hold)
    const leave = (): void => {
      hold.giveUp(undefined, false).catch(() => {})
    }
    return this.#inTime(hold.free).then(
      () => (this.#isDetached ? leave() : begin(hold)),
      (error) => {
        leave()
        throw error
      },
    )
  }

  async #begin(
    request: SubscribeRequest,
    demands: SubscribeDemands,
    { lines, hold }: { readonly lines: readonly HeaderLine[]; readonly hold: DurableHold | undefined },
  ): Promise<void> {
    const { id, destination } = request
    let subscription: OwnSubscription | undefined
    const lost = new Outcome()
    try {
      const { profile, messages } = this.#parts
      const leg = hold?.connect((error) => lost.reject(error)) ?? this.#parts.leg
      const init = { number: this.#subscriptions.nextNumber(), flow: this.#flow, request, demands }
      const own = { destination, prefetch: demands.prefetch, lines }
      subscription = new OwnSubscription(init, own, {
        ...{ leg, profile, messages, after: this.#parts.after, now: this.#parts.now },
        receiptsFirst: this.#receiptsFirst,
      })
      if (hold !== undefined) this.#durables.note(subscription, hold)
      this.#add(id, subscription)
      await this.#inTime(Promise.race([subscription.settled, lost.settled]))
    } catch (error) {
      if (subscription === undefined) hold?.giveUp(undefined, false).catch(() => {})
      else {
        this.#subscriptions.remove(id, subscription)
        this.#end(subscription, false)?.catch(() => {})
      }
      throw error
    }
    this.#parts.soon(() => subscription.begin())
    lost.settled.catch((error) => {
      if (this.#durables.has(subscription)) this.#flow.subscriber.refuse(error)
    })
  }

  #unsubscribe(request: UnsubscribeRequest): Settled {
    if (this.#subscriptions.removeInner(request.id)) return this.#inner.handle(request)
    const subscription = this.#subscriptions.get(request.id)
    if (subscription === undefined) return this.#isDetached ? undefined : this.#durables.forget(request)
    this.#subscriptions.remove(request.id, subscription)
    return this.#end(subscription, true)
  }

  #answer(request: AckRequest): Settled {
    const planned = this.#planAnswer(request, new Set())
    if (planned?.kind !== 'answer') return planned && this.#commitAll([planned])
    const { frames, connection, leg, accept } = planned.answer
    const settled = frames.length === 0 ? undefined : leg.answer(frames, connection, request.isReceipted === true)
    accept(settled)
    return settled
  }

  #commit(requests: readonly TransactionRequest[]): Settled {
    // What it was to acknowledge has gone back with the session: so nothing of the whole may happen.
    if (this.#isDetached && requests.some(({ command }) => command !== 'SEND')) return undefined
    const taken = new Set<unknown>()
    const planned = requests.flatMap((request) =>
      request.command === 'SEND' ? this.#planSend(request) : (this.#planAnswer(request, taken) ?? []),
    )
    return this.#commitAll(planned)
  }

  #commitAll(planned: readonly Planned[]): Settled {
    const { leg, nodeLeg, profile, nextTransaction } = this.#parts
    const sent = planned.flatMap((each) => (each.kind === 'send' ? [each.frame] : []))
    const settled = commitPlanned(planned, {
      leg,
      nodeLeg,
      profile,
      nextTransaction,
      commitInner: (requests) => this.#inner.commit(requests),
    })
    return this.#receiptsFirst.follow(sent, settled)
  }

  #planSend(request: SendRequest): Planned {
    const { sends, leg, nodeLeg } = this.#parts
    if (request.destination.startsWith(NODES)) {
      return { kind: leg === nodeLeg ? 'send' : 'node', frame: sends.nodeFrame(request) }
    }
    if (request.destination.startsWith(INNER)) return { kind: 'inner', request }
    return { kind: 'send', frame: sends.frame(request) }
  }

  /** Undefined: the session has ended, and nobody is left to be told. */
  #planAnswer(request: AckRequest, taken: Set<unknown>): Planned | undefined {
    return this.#isDetached ? this.#subscriptions.plan(request, taken) : this.#subscriptions.expect(request, taken)
  }

  #deliverInner(message: Message, delivery: Delivery): Taken {
    // Its queues wait for the room of all.
    if (this.#flow.isFull && message.destination.startsWith(TEMP_QUEUE)) return 'dropped'
    const own = delivery.ack === undefined ? delivery : { ...delivery, ack: INNER_ACK + delivery.ack }
    const taken = this.#flow.subscriber.deliver(message, own)
    if (taken === 'full') this.#flow.isFull = true
    return taken
  }

  #add(id: string, subscription: ChannelSubscription): void {
    // What it was given at once may have ended the session.
    if (this.#isDetached) this.#end(subscription, false)?.catch(() => {})
    else this.#subscriptions.add(id, subscription)
  }

  #end(subscription: ChannelSubscription, isForGood: boolean): Settled {
    return this.#durables.end(subscription, subscription.end(), isForGood)
  }

  /** Waits for the broker, for a while. */
  #inTime(settled: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#parts.after(this.#parts.waitMs, () => reject(new StompError('STOMP_ERR_BROKER_UNAVAILABLE')))
      settled.finally(() => timer.cancel()).then(resolve, reject)
    })
  }
}
