import type { Headers } from '@hoofbeat/codec'
import { StompError } from '../../errors.js'
import { createMessage, type Message, type MessageInit } from '../../message/message.js'
import { createWrittenHeaders } from '../../message/own-headers.js'
import type { MessageStore, StoreChange } from '../../store/message-store.js'
import type {
  Broker,
  BrokerAdmin,
  BrokerCapabilities,
  Channel,
  ChannelOwner,
  Publication,
  Settled,
  Subscriber,
} from '../broker.js'
import type { BrokerParts } from '../broker-factory.js'
import { createAdmin } from './admin.js'
import { type Budget, createBudget } from './budget.js'
import { createDeadLetters, withoutOrigin } from './dead-letters.js'
import { createDurableSubscriptions, type DurableSubscriptions } from './durable-subscriptions.js'
import { type EmbeddedBrokerOptions, type EmbeddedBrokerSettings, resolveSettings } from './embedded-broker-options.js'
import { type ChannelParts, type EmbeddedChannel, openEmbeddedChannel } from './embedded-channel.js'
import { createGates, type Gates, type PassListener } from './gates.js'
import { compact, holdMessage, mayExpire } from './held-message.js'
import type { Queue } from './queue.js'
import { createQueueTable, type QueueTable } from './queue-table.js'
import { restore } from './restore.js'
import { createServedDestinations, type ServedDestinations } from './served-destinations.js'
import type { Step } from './step.js'
import { createSubscriptionMaker, type SubscriptionMaker } from './subscription-maker.js'
import { TEMP_QUEUE, TempQueues } from './temp-queues.js'
import { createTopics, type Topics } from './topics.js'

/** What the embedded broker needs of {@link BrokerParts}. */
export interface EmbeddedBrokerParts extends Omit<BrokerParts, 'clock' | 'wheel' | 'turns'> {
  readonly clock: Pick<BrokerParts['clock'], 'now' | 'epochMs' | 'soon'>
}

/**
 * A broker in this very process: topics with histories and durable subscriptions, queues with acknowledgement,
 * transactions, and, with a store, messages that outlive the process.
 *
 * Promises: requests of one channel take effect in order; the messages of one publisher to one destination reach each
 * subscriber in order; every message reaches each subscription that was settled before it was published; a message of a
 * queue is with one consumer at a time, and comes back to its place if that does not acknowledge it.
 */
export function embeddedBroker(options: EmbeddedBrokerOptions = {}): (parts: EmbeddedBrokerParts) => Promise<Broker> {
  return async (parts) => {
    const broker = new EmbeddedBroker(resolveSettings(options, parts.syntax), options.store, parts)
    await broker.open()
    return broker
  }
}

/** How often histories are looked through for what is too old. */
const SWEEP_MS = 30_000

class EmbeddedBroker implements Broker {
  readonly capabilities: BrokerCapabilities = {
    wildcards: true,
    queues: true,
    transactions: true,
    selectors: true,
    durableSubscriptions: true,
    history: true,
  }
  readonly admin: BrokerAdmin
  /** Positions of another run mean nothing to this one. `@` begins no message-id. */
  readonly #positionPrefix = `@${crypto.randomUUID().slice(0, 8)}-`
  readonly #parts: EmbeddedBrokerParts
  readonly #settings: EmbeddedBrokerSettings
  readonly #store: MessageStore | undefined
  readonly #served: ServedDestinations
  readonly #gates: Gates
  readonly #budget: Budget
  readonly #queues: QueueTable
  readonly #durables: DurableSubscriptions
  readonly #topics: Topics
  readonly #tempQueues: TempQueues
  readonly #subscriptions: SubscriptionMaker
  readonly #channels = new Set<EmbeddedChannel>()
  readonly #channelParts: ChannelParts
  readonly #onHeaderLeftOut: NonNullable<MessageInit['onHeaderLeftOut']>
  readonly #written = createWrittenHeaders()
  #lastPosition = 0
  #sweep: { cancel(): void } | undefined
  #isClosed = false

  constructor(settings: EmbeddedBrokerSettings, store: MessageStore | undefined, parts: EmbeddedBrokerParts) {
    this.#parts = parts
    this.#settings = settings
    this.#store = store
    const { clock, observe, syntax } = parts
    this.#onHeaderLeftOut = (header, version, destination) =>
      observe({ type: 'header-left-out', destination, header, version })
    this.#served = createServedDestinations(settings, syntax)
    this.#gates = createGates((run) => clock.soon(run))
    this.#budget = createBudget(settings.maxKeptBytes)
    const shared = {
      budget: this.#budget,
      epochMs: () => clock.epochMs(),
      nowMs: () => clock.now(),
      nextPosition: () => ++this.#lastPosition,
      storeLater: store && ((changes: readonly StoreChange[]) => store.later(changes)),
      checkLimit: () => this.#checkLimit(),
    }
    const bounds = { maxMessages: settings.maxQueueMessages, maxBytes: settings.maxQueueBytes }
    const queues = createQueueTable({ ...shared, bounds, observe, after: parts.after })
    const durables = createDurableSubscriptions(queues, this.#budget, observe)
    const { historyRules, deadLetterQueue: destination, maxDeliveries } = settings
    const segmentsOf = (name: string): readonly string[] => syntax.segments(name) ?? []
    const orderOf = (position: string): number | undefined => this.#orderOf(position)
    const topics = createTopics({ ...shared, historyRules, durables, segmentsOf, orderOf })
    this.#queues = queues
    this.#durables = durables
    this.#topics = topics
    this.#tempQueues = new TempQueues(queues)
    const execute = (step: Step): Settled => this.#execute(step)
    const target = (name: string): Queue => this.#queueTarget(name)
    const deadLetters = createDeadLetters({ queues, observe, destination, maxDeliveries, execute })
    this.#subscriptions = createSubscriptionMaker({
      ...{ settings, served: this.#served, topics, queues, durables, deadLetters, store },
      epochMs: shared.epochMs,
      queueTarget: target,
    })
    this.#channelParts = {
      publish: (request, listener) => this.#publish(request, listener),
      planSend: (request) => this.#plan(request),
      subscribe: (request, subscriber) => {
        this.#checkOpen()
        return this.#subscriptions.subscribe(request, subscriber)
      },
      forget: (request, owner) => this.#subscriptions.forget(request, owner),
      execute: (step, listener) => this.#execute(step, listener),
      detached: (channel, owner) => {
        this.#channels.delete(channel)
        this.#tempQueues.end(owner.sessionId)
      },
    }
    this.admin = createAdmin({ queues, topics, budget: this.#budget, execute, target, soon: (run) => clock.soon(run) })
  }

  /** Brings back what the store has kept. */
  async open(): Promise<void> {
    const contents = await this.#store?.open()
    if (contents !== undefined) {
      this.#lastPosition = restore(contents, {
        queues: this.#queues,
        topics: this.#topics,
        durables: this.#durables,
        segmentsOf: (destination) => this.#parts.syntax.segments(destination) ?? [],
        storeLater: (changes) => this.#store?.later(changes),
      })
    }
    if (this.#settings.historyRules.some(({ maxAgeMs }) => maxAgeMs !== undefined)) this.#sweepLater()
  }

  get position(): string {
    return this.#positionPrefix + this.#lastPosition
  }

  isQueue(destination: string): boolean {
    return this.#served.isQueue(destination)
  }

  attach(subscriber: Subscriber, owner: ChannelOwner): Channel {
    const channel = openEmbeddedChannel(subscriber, owner, this.#channelParts)
    this.#channels.add(channel)
    this.#tempQueues.begin(owner.sessionId)
    return channel
  }

  publish(publication: Publication): Settled {
    return this.#publish(publication)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#sweep?.cancel()
    this.#queues.close()
    this.#topics.close()
    for (const channel of this.#channels) channel.stop()
    await this.#gates.quiet()
    await this.#store?.close()
  }

  /** What nobody keeps, never expires, and need not wait goes straight to whoever has subscribed: nothing can fail any more. */
  #publish(publication: Publication, listener?: PassListener): Settled {
    const { destination, headers, body } = publication
    const topic = this.#topics.plain(destination)
    if (topic === undefined || this.#isClosed || this.#gates.isHeldUp(destination) || mayExpire(headers)) {
      return this.#execute(this.#plan(publication), listener)
    }
    this.#topics.give(topic, this.#message(topic.destination, headers, body))
    return undefined
  }

  #plan({ destination, headers, body }: Publication): Step {
    this.#checkOpen()
    const isQueue = destination.startsWith(TEMP_QUEUE) || this.#served.isQueue(destination)
    const kept = isQueue || this.#keepsTopics ? compact(body) : body
    const message = this.#message(destination, isQueue ? withoutOrigin(headers) : headers, kept)
    const held = holdMessage(message, this.#parts.clock.epochMs())
    if (isQueue) return this.#queues.planPut(this.#queueTarget(destination), held)
    return this.#topics.planPublish(destination, this.#served.topicSegments(destination), held)
  }

  #message(destination: string, headers: Headers, body: Uint8Array): Message {
    const id = this.#parts.nextMessageId()
    const onHeaderLeftOut = this.#onHeaderLeftOut
    const message = createMessage({ id, destination, headers, body, written: this.#written, onHeaderLeftOut })
    this.#parts.published?.(message, this.#store !== undefined && headers.get('persistent') === 'true')
    return message
  }

  /** True if messages of topics may be kept beyond their delivery. */
  get #keepsTopics(): boolean {
    return this.#settings.historyRules.length > 0 || this.#durables.count > 0
  }

  #execute(step: Step, listener?: PassListener): Settled {
    step.accept()
    const { changes } = step
    const pending = changes.length === 0 ? undefined : this.#store?.commit(changes)
    return this.#gates.pass(step.destinations, pending, step, listener)
  }

  #queueTarget(name: string): Queue {
    if (name.startsWith(TEMP_QUEUE)) return this.#tempQueues.open(name)
    const known = this.#queues.get(name)
    if (known !== undefined) return known
    this.#served.checkQueue(name)
    return this.#queues.open(name)
  }

  #orderOf(position: string): number | undefined {
    if (!position.startsWith(this.#positionPrefix)) return undefined
    const order = Number(position.slice(this.#positionPrefix.length))
    return Number.isSafeInteger(order) ? order : undefined
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new StompError('STOMP_ERR_CLOSING')
  }

  #checkLimit(): void {
    if (this.#topics.count + this.#queues.count < this.#settings.maxDestinations) return
    throw new StompError('STOMP_ERR_DESTINATION_LIMIT')
  }

  #sweepLater(): void {
    this.#sweep = this.#parts.after(SWEEP_MS, () => {
      this.#topics.forgetOld()
      this.#sweepLater()
    })
  }
}
