import { StompError } from '../../errors.js'
import type {
  AckRequest,
  BrokerRequest,
  Channel,
  MessageReference,
  Settled,
  SubscribeRequest,
  Subscriber,
  TransactionRequest,
  UnsubscribeRequest,
} from '../broker.js'
import type { Answer, ChannelFlow, LiveSubscription } from './live-subscription.js'
import { NO_STEP, type Step } from './step.js'
import { readAck } from './unacked.js'

/** What a channel asks of its broker. */
export interface ChannelParts {
  /** Checks and plans a SEND. */
  readonly planSend: (request: TransactionRequest & { command: 'SEND' }) => Step
  /** Begins a subscription; may settle later. */
  readonly subscribe: (
    request: SubscribeRequest,
    number: number,
    flow: ChannelFlow,
  ) => { readonly subscription: LiveSubscription; readonly settled: Settled }
  /** Ends a durable subscription that is not live; throws if there is none. */
  readonly forget: (request: UnsubscribeRequest) => Settled
  /** Stores what is to be stored, then applies, or undoes: behind all that this channel asked for before. */
  readonly execute: (steps: readonly Step[]) => Settled
  /** Runs behind all that this channel asked for before: at once, if nothing of it waits. May throw then. */
  readonly inTurn: (run: () => Settled) => Settled
  /** Told once, when the channel ends. */
  readonly detached: () => void
}

/** A channel, as its broker knows it. */
export interface EmbeddedChannel extends Channel {
  /** The broker has ended: nothing is delivered any more. */
  stop(): void
}

/** Opens the channel of one session. */
export function openEmbeddedChannel(subscriber: Subscriber, parts: ChannelParts): EmbeddedChannel {
  return new SessionChannel(subscriber, parts)
}

class SessionChannel implements EmbeddedChannel {
  readonly #parts: ChannelParts
  readonly #flow: ChannelFlow
  readonly #byId = new Map<string, LiveSubscription>()
  readonly #byNumber = new Map<number, LiveSubscription>()
  #lastNumber = 0
  #isDetached = false
  #isStopped = false

  constructor(subscriber: Subscriber, parts: ChannelParts) {
    this.#parts = parts
    this.#flow = { subscriber, isFull: false }
  }

  handle(request: BrokerRequest): Settled {
    switch (request.command) {
      case 'SEND':
        return this.#parts.execute([this.#parts.planSend(request)])
      case 'SUBSCRIBE':
        return this.#parts.inTurn(() => this.#subscribe(request))
      case 'UNSUBSCRIBE':
        return this.#parts.inTurn(() => this.#unsubscribe(request))
      case 'ACK':
      case 'NACK':
        return this.#parts.execute([this.#planAnswer(request, new Set())])
      default:
        return request satisfies never
    }
  }

  commit(requests: readonly TransactionRequest[]): Settled {
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
    return this.#parts.execute([...returning, ...others])
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
    this.#parts.detached()
  }

  #subscribe(request: SubscribeRequest): Settled {
    if (this.#isDetached) return undefined
    const number = ++this.#lastNumber
    const { subscription, settled } = this.#parts.subscribe(request, number, this.#flow)
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
    if (subscription === undefined) return this.#isDetached ? undefined : this.#parts.forget(request)
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
