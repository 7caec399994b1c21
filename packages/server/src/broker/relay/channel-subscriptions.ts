import { StompError } from '../../errors.js'
import type { AckReference, AckRequest, MessageReference } from '../broker.js'
import type { Answer } from '../embedded/live-subscription.js'
import type { TopicSubscription } from '../embedded/topic-subscription.js'
import { readAck } from '../embedded/unacked.js'
import { OwnSubscription } from './own-subscription.js'
import type { Planned } from './relay-commit.js'

/** To a topic that the node's clients share, or the client's own. */
export type ChannelSubscription = TopicSubscription | OwnSubscription

/** Before the `ack` of a delivery by the inner broker: both count on their own. */
export const INNER_ACK = 'i'

/** The subscriptions of one channel, and what the client's answers to their deliveries mean. */
export class ChannelSubscriptions {
  readonly #byId = new Map<string, ChannelSubscription>()
  readonly #byNumber = new Map<number, ChannelSubscription>()
  /** Ids of subscriptions to inner destinations, which are the inner broker's. */
  readonly #innerIds = new Set<string>()
  #lastNumber = 0

  /** The number of the next one. */
  nextNumber(): number {
    return ++this.#lastNumber
  }

  /** All of them, in the order of their turns. */
  list(): readonly ChannelSubscription[] {
    return [...this.#byNumber.values()]
  }

  get(id: string): ChannelSubscription | undefined {
    return this.#byId.get(id)
  }

  add(id: string, subscription: ChannelSubscription): void {
    this.#byId.set(id, subscription)
    this.#byNumber.set(subscription.number, subscription)
  }

  remove(id: string, subscription: ChannelSubscription): void {
    if (this.#byId.get(id) === subscription) this.#byId.delete(id)
    this.#byNumber.delete(subscription.number)
  }

  /** Notes one of the inner broker's. */
  addInner(id: string): void {
    this.#innerIds.add(id)
  }

  /** True if it was one of the inner broker's. */
  removeInner(id: string): boolean {
    return this.#innerIds.delete(id)
  }

  clear(): void {
    this.#byId.clear()
    this.#byNumber.clear()
  }

  /** Whoever has its turn now is asked last the next time: one that always takes all must not starve the others. */
  takeTurn(subscription: ChannelSubscription): void {
    if (!this.#byNumber.delete(subscription.number)) return
    this.#byNumber.set(subscription.number, subscription)
  }

  /**
   * What an answer means; undefined if it means nothing here. `taken`: what answers before it in a batch mean. Throws
   * what the broker does not offer.
   */
  plan(request: AckRequest, taken: Set<unknown>): Planned | undefined {
    const { reference } = request
    return 'ack' in reference ? this.#byAck(request, reference.ack, taken) : this.#byMessage(request, reference, taken)
  }

  /** The same, where an answer that means nothing is refused. Throws STOMP_ERR_ACK_UNKNOWN. */
  expect(request: AckRequest, taken: Set<unknown>): Planned {
    const planned = this.plan(request, taken)
    if (planned !== undefined) return planned
    throw new StompError('STOMP_ERR_ACK_UNKNOWN', {
      message: `${request.command} names no message that this session was given and has not answered`,
    })
  }

  #byAck(request: AckRequest, ack: string, taken: Set<unknown>): Planned | undefined {
    if (ack.startsWith(INNER_ACK)) return toInner(request, { ack: ack.slice(INNER_ACK.length) })
    const read = readAck(ack)
    const subscription = read && this.#byNumber.get(read.subscription)
    return subscription && planOne(subscription, { isAck: request.command === 'ACK', ...read }, taken)
  }

  #byMessage(request: AckRequest, reference: MessageReference, taken: Set<unknown>): Planned | undefined {
    const { messageId, subscription: id } = reference
    const answer: Answer = { isAck: request.command === 'ACK', messageId, delivery: undefined }
    if (id !== undefined) {
      if (this.#innerIds.has(id)) return toInner(request, reference)
      const subscription = this.#byId.get(id)
      return subscription && planOne(subscription, answer, taken)
    }
    let nothing: Planned | undefined
    for (const subscription of this.#byNumber.values()) {
      const before = taken.size
      const planned = planOne(subscription, answer, taken)
      // Of one that needs no answers it means nothing, and harms nothing.
      if (taken.size > before) return planned
      nothing ??= planned
    }
    return nothing ?? (this.#innerIds.size > 0 ? toInner(request, reference) : undefined)
  }
}

function toInner(request: AckRequest, reference: AckReference): Planned {
  return { kind: 'inner', request: { ...request, reference } }
}

function planOne(subscription: ChannelSubscription, answer: Answer, taken: Set<unknown>): Planned | undefined {
  if (subscription instanceof OwnSubscription) {
    const planned = subscription.answer(answer, taken)
    return planned && { kind: 'answer', answer: planned }
  }
  const step = subscription.answer(answer, taken)
  return step && { kind: 'credit', step }
}
