import type { Frame } from '@hoofbeat/codec'
import { covers, type DestinationSyntax, isPattern } from '../../destination/destination.js'
import type { StompError } from '../../errors.js'
import type { Message } from '../../message/message.js'
import type { BrokerParts } from '../broker-factory.js'
import type { Rate } from '../embedded/rate.js'
import { isSelected } from '../embedded/selected.js'
import type { SubscribedTopic, TopicSubscription } from '../embedded/topic-subscription.js'
import type { Selector } from '../selectors/selector.js'
import type { Leg, LegSubscriber, LegSubscription } from './leg.js'
import type { BrokerProfile } from './profile.js'
import type { RelayedMessages } from './relayed-message.js'
import type { Repeats } from './repeats.js'

/** What all shared topics of a leg have in common. */
export interface SharedTopicParts {
  readonly leg: Pick<Leg, 'subscribe' | 'answer' | 'answeredCount'>
  readonly profile: BrokerProfile
  readonly syntax: DestinationSyntax
  readonly clock: BrokerParts['clock']
  readonly messages: RelayedMessages
  readonly repeats: Repeats
  /** The broker does not serve it (any more): it is no topic of the leg's from now on. */
  readonly refused: (topic: SharedTopic) => void
}

/** All local subscriptions with one selector, or with none. */
interface Group {
  readonly selector: Selector | undefined
  readonly members: Set<TopicSubscription>
}

/** Who waits for the subscription at the broker. */
export interface TopicWaiter {
  there(): void
  refused(error: StompError): void
  /** The subscription has ended before. */
  ended(): void
}

/**
 * One destination or pattern that clients of this node are subscribed to: one subscription at the broker, which gives
 * one copy of each message, and all local subscriptions to that very destination or pattern. Two patterns that overlap
 * are two of these, with a copy each; so nobody is given a message twice, and nobody is passed over.
 */
export class SharedTopic implements LegSubscriber, SubscribedTopic {
  readonly destination: string
  readonly segments: readonly string[]
  readonly delivered: Rate
  /** Undefined: nothing waits for it while the connection is lost. */
  readonly queueName: string | undefined
  readonly #parts: SharedTopicParts
  readonly #isPattern: boolean
  readonly #isAcknowledged: boolean
  readonly #atBroker: LegSubscription
  readonly #groups = new Map<string | undefined, Group>()
  readonly #groupOf = new Map<TopicSubscription, Group>()
  readonly #waiters = new Map<TopicSubscription, TopicWaiter>()
  /** How a subscription's session is told that it ends. */
  readonly #refusals = new Map<TopicSubscription, (error: StompError) => void>()
  #isThere = false
  #isOver = false

  constructor(
    destination: string,
    segments: readonly string[],
    queueName: string | undefined,
    delivered: Rate,
    parts: SharedTopicParts,
  ) {
    this.destination = destination
    this.segments = segments
    this.queueName = queueName
    this.delivered = delivered
    this.#parts = parts
    this.#isPattern = isPattern(segments)
    const headers = parts.profile.subscribeShared({ destination, queueName })
    this.#isAcknowledged = headers.some(([name, value]) => name === 'ack' && value !== 'auto')
    this.#atBroker = parts.leg.subscribe(headers, this)
    this.#atBroker.settled.then(
      () => this.#there(),
      (error: StompError) => this.refused(error),
    )
  }

  /** True while the broker has it. */
  get isThere(): boolean {
    return this.#isThere
  }

  get count(): number {
    return this.#groupOf.size
  }

  /** Takes one in, which judges nothing itself; `refuse` ends its session. */
  add(subscription: TopicSubscription, selector: Selector | undefined, refuse: (error: StompError) => void): void {
    const known = this.#groups.get(selector?.text)
    const group = known ?? { selector, members: new Set() }
    if (known === undefined) this.#groups.set(selector?.text, group)
    group.members.add(subscription)
    this.#groupOf.set(subscription, group)
    this.#refusals.set(subscription, refuse)
  }

  /** Harmless when it is not there. */
  remove(subscription: TopicSubscription): void {
    const group = this.#groupOf.get(subscription)
    if (group === undefined) return
    this.#groupOf.delete(subscription)
    this.#refusals.delete(subscription)
    const waiter = this.#waiters.get(subscription)
    this.#waiters.delete(subscription)
    waiter?.ended()
    group.members.delete(subscription)
    if (group.members.size === 0) this.#groups.delete(group.selector?.text)
  }

  /** Tells when the broker has the subscription, or will not have it. */
  await(subscription: TopicSubscription, waiter: TopicWaiter): void {
    this.#waiters.set(subscription, waiter)
  }

  /** Ends it at the broker. */
  end(): void {
    this.#isOver = true
    const { destination, queueName } = this
    this.#atBroker.end(this.#parts.profile.unsubscribeShared({ destination, queueName })).catch(() => {})
  }

  deliver(frame: Frame, connection: number): void {
    if (!this.#isOver) this.#publish(frame)
    if (this.#isAcknowledged) this.#acknowledge(frame.headers.get('ack'), connection)
  }

  lost(): void {
    this.#isThere = false
  }

  restored(unheardMs: number): void {
    const { profile } = this.#parts
    const lastMs = profile.sharedTopicsLastMs ?? Number.POSITIVE_INFINITY
    const isWhole = this.queueName !== undefined && profile.keepsSharedTopics && unheardMs < lastMs
    // Whoever waits has not been told that it is subscribed.
    if (!isWhole) for (const each of this.#groupOf.keys()) if (!this.#waiters.has(each)) each.miss()
    this.#there()
  }

  refused(error: StompError): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#isThere = false
    this.#parts.refused(this)
    const waiters = new Map(this.#waiters)
    for (const [subscription, refuse] of [...this.#refusals]) {
      const waiter = waiters.get(subscription)
      this.#waiters.delete(subscription)
      this.remove(subscription)
      if (waiter === undefined) refuse(error)
      else waiter.refused(error)
    }
  }

  #there(): void {
    if (this.#isOver) return
    this.#isThere = true
    this.#parts.repeats.begin(this)
    const waiters = [...this.#waiters.values()]
    this.#waiters.clear()
    for (const waiter of waiters) waiter.there()
  }

  #publish(frame: Frame): void {
    const { profile, messages, repeats, clock } = this.#parts
    // What the nodes say to each other is for no client, whatever its pattern.
    if (profile.nodeWord(frame.headers.get('destination') ?? '') !== undefined) return
    const read = profile.read(frame)
    if (read.destination === undefined || !this.#means(read.destination)) return
    const { message, isRepeated } = messages.make(read, read.destination, frame.body)
    if (isRepeated && repeats.has(this, message.id)) return
    repeats.note(this, message.id, isRepeated)
    this.#fanOut(message, clock.now())
  }

  #fanOut(message: Message, nowMs: number): void {
    for (const { selector, members } of this.#groups.values()) {
      if (!isSelected(selector, message)) continue
      for (const subscription of members) subscription.offer(message, undefined, nowMs)
    }
  }

  /** The broker's own wildcards may mean more than ours. */
  #means(destination: string): boolean {
    if (!this.#isPattern) return true
    const segments = this.#parts.syntax.segments(destination)
    return segments !== undefined && covers(this.segments, segments)
  }

  #acknowledge(ack: string | undefined, connection: number): void {
    if (ack === undefined) return
    this.#parts.leg.answer([{ command: 'ACK', headers: { id: ack } }], connection, false)?.catch(() => {})
  }
}
