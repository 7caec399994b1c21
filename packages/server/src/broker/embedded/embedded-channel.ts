import { StompError } from '../../errors.js'
import type {
  AckRequest,
  BrokerRequest,
  Channel,
  ChannelOwner,
  MessageReference,
  SendRequest,
  Settled,
  SubscribeRequest,
  Subscriber,
  TransactionRequest,
  UnsubscribeRequest,
} from '../broker.js'
import type { PassListener } from './gates.js'
import type { Answer, ChannelFlow, LiveSubscription } from './live-subscription.js'
import { allOf, NO_STEP, type Step } from './step.js'
import { readAck } from './unacked.js'

/** What all channels of a broker ask of it. */
export interface ChannelParts {
  /** Publishes. Where that settles later, the listener is told behind it. */
  readonly publish: (request: SendRequest, listener: PassListener) => Settled
  /** Checks and plans a SEND. */
  readonly planSend: (request: SendRequest) => Step
  /** Begins a subscription; may settle later. */
  readonly subscribe: (
    request: SubscribeRequest,
    subscriber: { readonly number: number; readonly flow: ChannelFlow; readonly owner: ChannelOwner },
  ) => { readonly subscription: LiveSubscription; readonly settled: Settled }
  /** Ends a durable subscription that is not live; throws if there is none. */
  readonly forget: (request: UnsubscribeRequest, owner: ChannelOwner) => Settled
  /** Stores what is to be stored, then applies, or undoes. Where that settles later, the listener is told behind it. */
  readonly execute: (step: Step, listener: PassListener) => Settled
  /** Told once, when a channel ends. */
  readonly detached: (channel: EmbeddedChannel, owner: ChannelOwner) => void
}

/** A channel, as its broker knows it. */
export interface EmbeddedChannel extends Channel {
  /** The broker has ended: nothing is delivered any more. */
  stop(): void
}

/** Opens the channel of one session. */
export function openEmbeddedChannel(subscriber: Subscriber, owner: ChannelOwner, parts: ChannelParts): EmbeddedChannel {
  return new SessionChannel(subscriber, owner, parts)
}

/** A request that waits for others of its channel; `isBarrier`: for all that are under way. */
interface Waiting {
  readonly isBarrier: boolean
  readonly run: () => void
}

class SessionChannel implements EmbeddedChannel, PassListener {
  readonly #parts: ChannelParts
  readonly #owner: ChannelOwner
  readonly #flow: ChannelFlow
  readonly #byId = new Map<string, LiveSubscription>()
  readonly #byNumber = new Map<number, LiveSubscription>()
  #lastNumber = 0
  /** Requests that were handed on, and have not taken effect yet. */
  #underWay = 0
  /** What waits for those: a SUBSCRIBE or UNSUBSCRIBE, and all that came behind it. */
  #line: Waiting[] | undefined
  #isDetached = false
  #isStopped = false

  constructor(subscriber: Subscriber, owner: ChannelOwner, parts: ChannelParts) {
    this.#parts = parts
    this.#owner = owner
    this.#flow = { subscriber, isFull: false }
  }

  handle(request: BrokerRequest): Settled {
    if (this.#line !== undefined) return this.#doInTurn(request)
    return request.command === 'SEND' ? this.#counted(this.#parts.publish(request, this)) : this.#doNext(request)
  }

  #doNext(request: BrokerRequest): Settled {
    return this.#underWay > 0 && isBarrier(request) ? this.#doInTurn(request) : this.#do(request)
  }

  #doInTurn(request: BrokerRequest): Settled {
    return this.#inTurn(isBarrier(request), () => this.#do(request))
  }

  #do(request: BrokerRequest): Settled {
    switch (request.command) {
      case 'SEND':
        return this.#counted(this.#parts.publish(request, this))
      case 'SUBSCRIBE':
        return this.#subscribe(request)
      case 'UNSUBSCRIBE':
        return this.#unsubscribe(request)
      case 'ACK':
      case 'NACK':
        return this.#execute(this.#planAnswer(request, new Set()))
      default:
        return request satisfies never
    }
  }

  commit(requests: readonly TransactionRequest[]): Settled {
    return this.#line === undefined ? this.#commit(requests) : this.#inTurn(false, () => this.#commit(requests))
  }

  /** What was under way has taken effect: the next in line may. */
  passed(): void {
    this.#underWay--
    while (this.#line !== undefined) {
      const [next] = this.#line
      if (next === undefined) this.#line = undefined
      else if (next.isBarrier && this.#underWay > 0) return
      else {
        this.#line.shift()
        next.run()
      }
    }
  }

  #inTurn(isBarrier: boolean, act: () => Settled): Settled {
    return new Promise((resolve, reject) => {
      const run = (): void => {
        try {
          resolve(act())
        } catch (error) {
          reject(error)
        }
      }
      this.#line ??= []
      this.#line.push({ isBarrier, run })
    })
  }

  #execute(step: Step): Settled {
    return this.#counted(this.#parts.execute(step, this))
  }

  #counted(settled: Settled): Settled {
    if (settled !== undefined) this.#underWay++
    return settled
  }

  #commit(requests: readonly TransactionRequest[]): Settled {
    // What it was to acknowledge has gone back with the session: so nothing of the whole may happen.
    if (this.#isDetached && requests.some(({ command }) => command !== 'SEND')) return undefined
    const returning: Step[] = []
    const others: Step[] = []
    const answered = new Set<unknown>()
    try {
      for (const request of requests) {
        if (request.command === 'SEND') others.push(this.#parts.planSend(request))
        else (request.command === 'NACK' ? returning : others).push(this.#planAnswer(request, answered))
      }
    } catch (error) {
      // Nothing was accepted yet: only room that was set aside is given back.
      for (const step of [...returning, ...others]) step.abandon()
      throw error
    }
    // What goes back is in its place before room is made for what stands behind it.
    return this.#execute(allOf([...returning, ...others]))
  }

  ready(): void {
    if (this.#isStopped) return
    this.#flow.isFull = false
    for (const [number, subscription] of [...this.#byNumber]) {
      if (this.#flow.isFull || this.#isStopped) return
      // Whoever had its turn is asked last the next time: one that always takes all must not starve the others.
      this.#byNumber.delete(number)
      this.#byNumber.set(number, subscription)
      subscription.ready()
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#flow.isFull = true
  }

  detach(): void {
    if (this.#isDetached) return
    this.#isDetached = true
    // First of all: what one of its subscriptions gives back is not for another.
    this.stop()
    const subscriptions = [...this.#byNumber.values()]
    // Two of them may have had messages of one queue: those go back together, each to its place.
    const releases = subscriptions.map((subscription) => subscription.hold())
    for (const subscription of subscriptions) subscription.end(false)
    for (const release of releases) release()
    this.#byNumber.clear()
    this.#byId.clear()
    this.#parts.detached(this, this.#owner)
  }

  #subscribe(request: SubscribeRequest): Settled {
    if (this.#isDetached) return undefined
    const number = ++this.#lastNumber
    const { subscription, settled } = this.#parts.subscribe(request, {
      number,
      flow: this.#flow,
      owner: this.#owner,
    })
    // What it was given at once may have ended the session.
    if (this.#isDetached) {
      subscription.end(false)
      return settled
    }
    this.#byId.set(request.id, subscription)
    this.#byNumber.set(number, subscription)
    return settled?.catch((error: unknown) => {
      // Refused: it has never been there.
      if (this.#byId.get(request.id) === subscription) this.#byId.delete(request.id)
      this.#byNumber.delete(number)
      subscription.end(true)?.catch(() => {})
      throw error
    })
  }

  #unsubscribe(request: UnsubscribeRequest): Settled {
    const subscription = this.#byId.get(request.id)
    if (subscription === undefined) return this.#isDetached ? undefined : this.#parts.forget(request, this.#owner)
    this.#byId.delete(request.id)
    this.#byNumber.delete(subscription.number)
    return subscription.end(true)
  }

  #planAnswer({ command, reference }: AckRequest, taken: Set<unknown>): Step {
    const isAck = command === 'ACK'
    const step = 'ack' in reference ? this.#planByAck(reference.ack, isAck, taken) : this.#plan(reference, isAck, taken)
    if (step !== undefined) return step
    // The session has ended, and what it held has gone back: nobody is left to be told.
    if (this.#isDetached) return NO_STEP
    throw new StompError('STOMP_ERR_ACK_UNKNOWN', {
      message: `${command} names no message that this session was given and has not answered`,
    })
  }

  #planByAck(ack: string, isAck: boolean, taken: Set<unknown>): Step | undefined {
    const read = readAck(ack)
    if (read === undefined) return undefined
    return this.#byNumber.get(read.subscription)?.answer({ isAck, ...read }, taken)
  }

  #plan(reference: MessageReference, isAck: boolean, taken: Set<unknown>): Step | undefined {
    const answer: Answer = { isAck, messageId: reference.messageId, delivery: undefined }
    if (reference.subscription !== undefined) return this.#byId.get(reference.subscription)?.answer(answer, taken)
    let nothing: Step | undefined
    for (const subscription of this.#byNumber.values()) {
      const step = subscription.answer(answer, taken)
      if (step !== undefined && step !== NO_STEP) return step
      nothing ??= step
    }
    return nothing
  }
}

/** True for what waits for all that is under way. */
function isBarrier({ command }: BrokerRequest): boolean {
  return command === 'SUBSCRIBE' || command === 'UNSUBSCRIBE'
}
