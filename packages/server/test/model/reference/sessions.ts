import type { AckReference } from '../../../src/broker/broker.js'
import type { DurableId, Mode } from '../operation.js'
import type { Publication } from './batches.js'
import type { Entry } from './queue.js'
import type { ModelQueues } from './queues.js'
import type { ModelState } from './state.js'

/** One delivery that a subscription has not answered. */
export interface Held {
  readonly ack: string
  readonly messageId: string
  /** Undefined: of a topic. */
  readonly entry: Entry | undefined
}

export interface ModelSubscription {
  readonly channel: ModelChannel
  readonly id: string
  /** The name of the queue that it consumes; undefined: a topic. */
  readonly queue: string | undefined
  /** Of a topic. */
  readonly destination: string
  readonly durable: DurableId | undefined
  readonly mode: Mode
  readonly prefetch: number
  readonly selector: string | undefined
  held: Held[]
  /** Of a topic: what it has still to be given, and what it was. */
  waiting: Publication[]
  readonly seen: Set<string>
}

export interface ModelChannel {
  readonly index: number
  subscriptions: ModelSubscription[]
  isFull: boolean
  /** It has refused a delivery or was refused: whatever comes is lost on it, until it detaches. */
  isDying: boolean
  isDetached: boolean
  /** References to what it was given. */
  readonly given: { readonly ack: string; readonly messageId: string; readonly subscription: string }[]
}

/** Who is connected, subscribed to what, and has what to answer. */
export class ModelSessions {
  readonly #state: ModelState
  readonly #queues: ModelQueues

  constructor(state: ModelState, queues: ModelQueues) {
    this.#state = state
    this.#queues = queues
  }

  attach(index: number): ModelChannel {
    const channel = { index, subscriptions: [], isFull: false, isDying: false, isDetached: false, given: [] }
    this.#state.channels.push(channel)
    return channel
  }

  detach(channel: ModelChannel): void {
    channel.isDetached = true
    this.#state.channels = this.#state.channels.filter((each) => each !== channel)
    // All at once: whoever is given something afterwards is given the oldest.
    for (const { held } of channel.subscriptions) for (const { entry } of held) if (entry) this.#queues.giveBack(entry)
    channel.subscriptions = []
    this.#queues.tidy()
  }

  subscribe(init: Omit<ModelSubscription, 'held' | 'waiting' | 'seen'>): ModelSubscription {
    const { channel, queue } = init
    const subscription: ModelSubscription = { ...init, held: [], waiting: [], seen: new Set() }
    channel.subscriptions.push(subscription)
    if (queue !== undefined) this.#queues.open(queue)
    return subscription
  }

  unsubscribe(subscription: ModelSubscription): void {
    const { channel } = subscription
    channel.subscriptions = channel.subscriptions.filter((each) => each !== subscription)
    for (const { entry } of subscription.held) if (entry) this.#queues.giveBack(entry)
    subscription.held = []
    this.#queues.tidy()
  }

  meant(
    channel: ModelChannel,
    reference: AckReference,
    taken: ReadonlySet<Held>,
  ): { readonly by: ModelSubscription; readonly held: readonly Held[] } | 'nothing' | undefined {
    let nothing: 'nothing' | undefined
    for (const by of channel.subscriptions) {
      const { id, mode, held } = by
      if ('messageId' in reference && reference.subscription !== undefined && reference.subscription !== id) continue
      if (mode === 'auto') {
        if ('messageId' in reference) nothing = 'nothing'
        continue
      }
      const left = held.filter((each) => !taken.has(each))
      const at = left.findIndex((each) =>
        'ack' in reference ? each.ack === reference.ack : each.messageId === reference.messageId,
      )
      if (at < 0) continue
      return { by, held: mode === 'client' ? left.slice(0, at + 1) : left.slice(at, at + 1) }
    }
    return nothing
  }

  hold(subscription: ModelSubscription, messageId: string, ack: string, entry: Entry | undefined): void {
    const { given } = subscription.channel
    if (given.some((each) => each.ack === ack)) this.#state.blame(`${ack} is said twice`)
    given.push({ ack, messageId, subscription: subscription.id })
    subscription.held.push({ ack, messageId, entry })
  }
}
