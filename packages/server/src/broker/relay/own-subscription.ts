import type { Frame, FrameInit } from '@hoofbeat/codec'
import { StompError } from '../../errors.js'
import type { Delivery } from '../../message/delivery.js'
import type { Message } from '../../message/message.js'
import type { AckRequest, Settled } from '../broker.js'
import type { BrokerParts } from '../broker-factory.js'
import { type Answer, type ChannelFlow, deliveryOf, type SubscriptionInit } from '../embedded/live-subscription.js'
import { createUnacked, type Unacked, type Unanswered, writeAck } from '../embedded/unacked.js'
import { AnswerDeadline } from './answer-deadline.js'
import type { Leg, LegSubscriber, LegSubscription } from './leg.js'
import type { BrokerProfile, HeaderLine } from './profile.js'
import type { ReceiptsFirst } from './receipts-first.js'
import type { RelayedMessages } from './relayed-message.js'

/** What all subscriptions to queues, and durable ones, of a channel share. */
export interface OwnSubscriptionParts {
  readonly leg: Pick<Leg, 'subscribe' | 'answer'>
  readonly profile: BrokerProfile
  readonly messages: RelayedMessages
  readonly after: BrokerParts['after']
  readonly now: () => number
  /** What waits for a RECEIPT to this very session. */
  readonly receiptsFirst: Pick<ReceiptsFirst, 'isDue' | 'await'>
}

/** What one of them asks of the broker. */
export interface OwnSubscribe {
  readonly destination: string
  /** How many messages the client may have and not have acknowledged. */
  readonly prefetch: number
  /** The headers of the SUBSCRIBE, as the profile has written them. */
  readonly lines: readonly HeaderLine[]
}

/** One delivery of the broker. */
interface Delivered {
  /** What an ACK of it names at the broker. */
  readonly ack: string
  /** The connection that it came by: on another one its answer means nothing. */
  readonly connection: number
  /** When it came, on the clock. */
  readonly atMs: number
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
  readonly leg: Pick<Leg, 'answer'>
  /** The answer counts: what it means is not unanswered any more. What it makes room for comes when it has settled. */
  accept(settled: Settled): void
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
  readonly #own: OwnSubscribe
  readonly #delivery: Delivery
  readonly #atBroker: LegSubscription
  /** Undefined: what the client takes is acknowledged. */
  readonly #unacked: Unacked<Delivered> | undefined
  /** What came by the present connection and is unanswered. */
  #given = new Set<Unanswered<Delivered>>()
  /** What came by the one before: the client may answer it still, but it comes again. */
  #stale = new Set<Unanswered<Delivered>>()
  /** Ids of what the client was given before the last loss: not every broker says that it has given it before. */
  #comesAgain = new Set<string>()
  #waiting: Waiting[] = []
  /** What the client is being given, where that needs no answer: if it goes inside that call, this goes back. */
  #giving: Delivered | undefined
  /** When it has ended: what goes back, with what still comes until the broker has ended it too. */
  #returning: Delivered[] = []
  /** The client has not taken what it was given: until it is ready, or answers. */
  #isHeld = false
  #hasBegun = false
  /** Answered, but the client has not been told so yet. */
  #unsettled = 0
  #isEnded = false
  readonly #deadline: AnswerDeadline | undefined

  constructor({ number, flow, request, demands }: SubscriptionInit, own: OwnSubscribe, parts: OwnSubscriptionParts) {
    this.number = number
    this.#parts = parts
    this.#flow = flow
    this.#own = own
    this.#delivery = deliveryOf(request)
    this.#unacked = demands.mode === 'auto' ? undefined : createUnacked(demands.mode === 'client')
    const { answersWithinMs: withinMs } = parts.profile
    if (withinMs !== undefined) {
      const { after, now } = parts
      const missed = (error: StompError): void => this.#flow.subscriber.refuse(error)
      this.#deadline = new AnswerDeadline({ after, now, withinMs, oldestMs: () => this.#oldestMs, missed })
    }
    this.#atBroker = parts.leg.subscribe(own.lines, this)
  }

  /** Resolves when the broker has it; rejects with its refusal. */
  get settled(): Promise<void> {
    return this.#atBroker.settled
  }

  /** The client knows that it is there: so what has come already can follow. */
  begin(): void {
    this.#hasBegun = true
    this.#pump()
  }

  /** Some messages are due no longer. */
  goOn(): void {
    this.#pump()
  }

  deliver(frame: Frame, connection: number): void {
    const { profile, messages } = this.#parts
    const read = profile.read(frame)
    const { ack } = read
    if (ack === undefined) return
    const atMs = this.#parts.now()
    if (this.#isEnded) return void this.#returning.push({ ack, connection, atMs })
    // One that was sent again may stand there twice: then one of the two says so.
    const { message, isRepeated } = messages.make(read, read.destination ?? this.#own.destination, frame.body)
    const { deliveryCount } = read
    const isRedelivered = this.#comesAgain.delete(message.id) || isRepeated
    this.#deadline?.watch()
    this.#waiting.push({ ack, connection, atMs, message, isRedelivered, deliveryCount })
    this.#pump()
  }

  lost(): void {
    // All of it comes again.
    this.#waiting = []
    this.#comesAgain = new Set(Array.from([...this.#stale, ...this.#given], ({ messageId }) => messageId))
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
    const { leg } = this.#parts
    if (unacked === undefined) return { frames: [], connection: 0, leg, accept: () => {} }
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
    const accept = (settled: Settled): void => {
      for (const unanswered of meant) this.#remove(unanswered)
      this.#isHeld = false
      if (settled === undefined) this.#pump()
      else this.#await(meant, isAck, settled)
    }
    return { frames, connection, leg, accept }
  }

  /** Ends it: what was not acknowledged goes back; a durable one goes on to collect. */
  async end(): Promise<void> {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#deadline?.stop()
    this.#returning = [...Array.from(this.#given, ({ item }) => item), ...this.#waiting]
    if (this.#giving !== undefined) this.#returning.push(this.#giving)
    this.#given.clear()
    this.#waiting = []
    await this.#atBroker.end()
    await this.#giveBack()
  }

  #pump(): void {
    while (this.#hasBegun && !this.#isEnded && !this.#flow.isFull && !this.#isHeld && this.#hasCredit) {
      const [next] = this.#waiting
      if (next === undefined || this.#parts.receiptsFirst.isDue(next.message.id)) return
      this.#waiting.shift()
      this.#give(next)
    }
  }

  /** When the oldest came that the broker has no answer to; in the order in which they came. */
  get #oldestMs(): number | undefined {
    for (const { item } of this.#given) return item.atMs
    return this.#waiting[0]?.atMs
  }

  /** Some brokers reckon credit in bytes: what is too much waits here. */
  get #hasCredit(): boolean {
    return this.#unacked === undefined || this.#given.size + this.#unsettled < this.#own.prefetch
  }

  #await(answered: readonly Unanswered<Delivered>[], isAck: boolean, settled: Promise<void>): void {
    this.#unsettled += answered.length
    const done = (): void => {
      this.#unsettled -= answered.length
    }
    settled.then(done, done)
    this.#parts.receiptsFirst.await(isAck ? [] : answered.map(({ messageId }) => messageId), settled)
  }

  #give(next: Waiting): void {
    const { message, isRedelivered, deliveryCount, ack, connection, atMs } = next
    let delivery = this.#delivery
    if (isRedelivered) delivery = { ...delivery, redelivered: true }
    if (isRedelivered && deliveryCount !== undefined) delivery = { ...delivery, deliveryCount }
    const unanswered = this.#unacked?.add(message.id, { ack, connection, atMs })
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
