import type { Frame, FrameInit } from '@hoofbeat/codec'
import { StompError } from '../../errors.js'
import type { Delivery } from '../../message/delivery.js'
import type { Message } from '../../message/message.js'
import type { AckRequest } from '../broker.js'
import { type Answer, type ChannelFlow, deliveryOf, type SubscriptionInit } from '../embedded/live-subscription.js'
import { createUnacked, type Unacked, type Unanswered, writeAck } from '../embedded/unacked.js'
import type { Leg, LegSubscriber, LegSubscription } from './leg.js'
import type { BrokerProfile, HeaderLine, OwnSubscribeRequest } from './profile.js'
import type { RelayedMessages } from './relayed-message.js'

/** What all subscriptions to queues, and durable ones, of a channel share. */
export interface OwnSubscriptionParts {
  readonly leg: Pick<Leg, 'subscribe' | 'answer'>
  readonly profile: BrokerProfile
  readonly messages: RelayedMessages
}

/** One delivery of the broker. */
interface Delivered {
  /** What an ACK of it names at the broker. */
  readonly ack: string
  /** The connection that it came by: on another one its answer means nothing. */
  readonly connection: number
}

/** A delivery that the client has no room for yet. */
interface Waiting extends Delivered {
  readonly message: Message
  readonly isRedelivered: boolean
  readonly deliveryCount: number | undefined
}

/** What an answer of the client means to the broker. */
export interface PlannedAnswer {
  /** What to send, and by which connection; none: nothing is to be told. */
  readonly frames: readonly FrameInit[]
  readonly connection: number
  /** The answer counts: what it means is not unanswered any more. */
  accept(): void
}

/**
 * A subscription that is one client's own: to a queue, or a durable one. At the broker it acknowledges each message by
 * itself and is given no more than the client's credit, so that whatever the client does not take stays there: nobody
 * else on the leg waits for it.
 */
export class OwnSubscription implements LegSubscriber {
  readonly number: number
  readonly #parts: OwnSubscriptionParts
  readonly #flow: ChannelFlow
  readonly #request: OwnSubscribeRequest
  readonly #delivery: Delivery
  readonly #atBroker: LegSubscription
  /** Undefined: what the client takes is acknowledged. */
  readonly #unacked: Unacked<Delivered> | undefined
  /** What came by the present connection and is unanswered. */
  #given = new Set<Unanswered<Delivered>>()
  /** What came by the one before: the client may answer it still, but it comes again. */
  #stale = new Set<Unanswered<Delivered>>()
  #waiting: Waiting[] = []
  /** What the client is being given, where that needs no answer: if it goes inside that call, this goes back. */
  #giving: Delivered | undefined
  /** When it has ended: what goes back, with what still comes until the broker has ended it too. */
  #returning: Delivered[] = []
  /** The client has not taken what it was given: until it is ready, or answers. */
  #isHeld = false
  #isEnded = false

  constructor(
    { number, flow, request, demands }: SubscriptionInit,
    own: OwnSubscribeRequest,
    parts: OwnSubscriptionParts,
  ) {
    this.number = number
    this.#parts = parts
    this.#flow = flow
    this.#request = own
    this.#delivery = deliveryOf(request)
    this.#unacked = demands.mode === 'auto' ? undefined : createUnacked(demands.mode === 'client')
    this.#atBroker = parts.leg.subscribe(parts.profile.subscribeOwn(own), this)
  }

  /** Resolves when the broker has it; rejects with its refusal. */
  get settled(): Promise<void> {
    return this.#atBroker.settled
  }

  /** The name of a durable one. */
  get durableName(): string | undefined {
    return this.#request.durableName
  }

  deliver(frame: Frame, connection: number): void {
    const { profile, messages } = this.#parts
    const read = profile.read(frame)
    const { ack } = read
    if (ack === undefined) return
    if (this.#isEnded) return void this.#returning.push({ ack, connection })
    // One that was sent again may stand there twice: then one of the two says so.
    const { message, isRepeated: isRedelivered } = messages.make(
      read,
      read.destination ?? this.#request.destination,
      frame.body,
    )
    const { deliveryCount } = read
    this.#waiting.push({ ack, connection, message, isRedelivered, deliveryCount })
    this.#pump()
  }

  lost(): void {
    // All of it comes again.
    this.#waiting = []
    for (const unanswered of [...this.#stale]) this.#remove(unanswered)
    this.#stale = this.#given
    this.#given = new Set()
  }

  restored(): void {}

  refused(error: StompError): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#flow.subscriber.refuse(error)
  }

  /** The client has room again. */
  ready(): void {
    this.#isHeld = false
    this.#pump()
  }

  /** What an answer means; undefined if it means nothing here. `taken`: what answers before it in a batch mean. */
  answer({ isAck, messageId, delivery }: Answer, taken: Set<unknown>): PlannedAnswer | undefined {
    const unacked = this.#unacked
    // Some clients acknowledge whatever they get.
    if (unacked === undefined) return { frames: [], connection: 0, accept: () => {} }
    const meant = unacked.find(messageId, delivery, taken)
    const last = meant?.at(-1)
    if (meant === undefined || last === undefined) return undefined
    if (!isAck && this.#parts.profile.hasNack === false) {
      throw new StompError('STOMP_ERR_UNSUPPORTED', {
        message: 'NACK is not offered over this broker',
        cure: 'ACK the message, or end the subscription: what it has not acknowledged then goes back to its queue.',
      })
    }
    for (const unanswered of meant) taken.add(unanswered)
    const { connection } = last.item
    // Of a cumulative answer, what came by a connection that is gone comes again.
    const frames = meant
      .filter(({ item }) => item.connection === connection)
      .map(({ item }) => answerTo(item, isAck ? 'ACK' : 'NACK'))
    const accept = (): void => {
      for (const unanswered of meant) this.#remove(unanswered)
      this.#isHeld = false
      this.#pump()
    }
    return { frames, connection, accept }
  }

  /** Ends it: what was not acknowledged goes back. `isForGood`: a durable one is forgotten. */
  async end(isForGood: boolean): Promise<void> {
    if (this.#isEnded) return
    this.#isEnded = true
    const { profile } = this.#parts
    const isForgotten = isForGood && this.#request.durableName !== undefined
    this.#returning = [...Array.from(this.#given, ({ item }) => item), ...this.#waiting]
    if (this.#giving !== undefined) this.#returning.push(this.#giving)
    this.#given.clear()
    this.#waiting = []
    const headers: readonly HeaderLine[] = isForgotten ? profile.forgetDurable(this.#request) : []
    await this.#atBroker.end(headers)
    if (!isForgotten) await this.#giveBack()
  }

  #pump(): void {
    while (!this.#isEnded && !this.#flow.isFull && !this.#isHeld && this.#hasCredit) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#give(next)
    }
  }

  /** Some brokers reckon credit in bytes: what is too much waits here. */
  get #hasCredit(): boolean {
    return this.#unacked === undefined || this.#given.size < this.#request.prefetch
  }

  #give(next: Waiting): void {
    const { message, isRedelivered, deliveryCount, ack, connection } = next
    let delivery = this.#delivery
    if (isRedelivered) delivery = { ...delivery, redelivered: true }
    if (isRedelivered && deliveryCount !== undefined) delivery = { ...delivery, deliveryCount }
    const unanswered = this.#unacked?.add(message.id, { ack, connection })
    if (unanswered !== undefined) {
      this.#given.add(unanswered)
      delivery = { ...delivery, ack: writeAck(this.number, unanswered.delivery, message.id) }
    } else this.#giving = next
    const taken = this.#flow.subscriber.deliver(message, delivery)
    this.#giving = undefined
    if (taken === 'full') this.#flow.isFull = true
    // All that it was given, this too, went back when it ended.
    if (this.#isEnded) return
    if (taken === 'dropped') this.#hold(next, unanswered)
    else if (unanswered === undefined) this.#answer([answerTo(next, 'ACK')], connection)
  }

  /** It was not taken: it waits until the client is ready, answers, or goes. */
  #hold(next: Waiting, unanswered: Unanswered<Delivered> | undefined): void {
    if (unanswered !== undefined && this.#given.delete(unanswered)) this.#unacked?.takeBack(unanswered)
    this.#isHeld = true
    this.#waiting.unshift(next)
  }

  #remove(unanswered: Unanswered<Delivered>): void {
    this.#given.delete(unanswered)
    this.#stale.delete(unanswered)
    this.#unacked?.remove(unanswered)
  }

  /** When the broker has ended it: what has come until then. Mostly its end has done it. */
  async #giveBack(): Promise<void> {
    const { givesBackThrough } = this.#parts.profile
    const last = this.#returning.at(-1)
    if (givesBackThrough === undefined || last === undefined) return
    const headers: readonly HeaderLine[] = [['id', this.#atBroker.id]]
    const { connection } = last
    const frames: FrameInit[] = [{ command: 'SUBSCRIBE', headers: [...headers, ...givesBackThrough] }]
    for (const each of this.#returning) if (each.connection === connection) frames.push(answerTo(each, 'NACK'))
    frames.push({ command: 'UNSUBSCRIBE', headers })
    // Where the connection is gone all of it has gone back.
    await this.#parts.leg.answer(frames, connection, true)?.catch(() => {})
  }

  #answer(frames: readonly FrameInit[], connection: number): void {
    this.#parts.leg.answer(frames, connection, false)?.catch(() => {})
  }
}

function answerTo({ ack }: Delivered, command: AckRequest['command']): FrameInit {
  return { command, headers: { id: ack } }
}
