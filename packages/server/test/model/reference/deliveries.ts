import type { ModelBatches } from './batches.js'
import type { ModelDeadLetters } from './dead-letters.js'
import { type Entry, isOver, precedes, selects, show } from './queue.js'
import type { ModelQueues } from './queues.js'
import type { ModelChannel, ModelSessions, ModelSubscription } from './sessions.js'
import type { ModelState } from './state.js'
import type { ModelTopics } from './topics.js'

/** Judges what comes out of queues. */
export class ModelDeliveries {
  readonly #state: ModelState
  readonly #batches: ModelBatches
  readonly #queues: ModelQueues
  readonly #deadLetters: ModelDeadLetters
  readonly #sessions: ModelSessions
  readonly #topics: ModelTopics

  constructor(
    state: ModelState,
    batches: ModelBatches,
    queues: ModelQueues,
    deadLetters: ModelDeadLetters,
    sessions: ModelSessions,
    topics: ModelTopics,
  ) {
    this.#state = state
    this.#batches = batches
    this.#queues = queues
    this.#deadLetters = deadLetters
    this.#sessions = sessions
    this.#topics = topics
  }

  /** One delivery to a live channel; `isTaken`: the session has taken it. */
  delivered(
    channel: ModelChannel,
    message: {
      readonly id: string
      readonly tag: string
      readonly destination: string
      readonly diedAt: string | undefined
    },
    delivery: {
      readonly subscription: string | undefined
      readonly ack?: string
      readonly redelivered?: boolean
      readonly deliveryCount?: number
      readonly isAfterGap?: boolean
    },
    isTaken: boolean,
  ): void {
    const { id, tag } = message
    const subscription = channel.subscriptions.find((each) => each.id === delivery.subscription)
    const what = `${tag} to ${channel.index}/${delivery.subscription}`
    if (channel.isDetached) return this.#state.blame(`${what}: the channel is detached`)
    if (subscription === undefined) return this.#state.blame(`${what}: there is no such subscription`)
    if (this.#state.messageIds.get(tag) !== id) this.#state.blame(`${what}: has another message-id`)
    if ((delivery.ack !== undefined) !== (subscription.mode !== 'auto'))
      this.#state.blame(`${what}: ack is ${delivery.ack}`)
    if (subscription.mode !== 'auto' && subscription.held.length >= subscription.prefetch) {
      this.#state.blame(`${what}: has no credit`)
    }
    if (subscription.queue === undefined) return this.#topics.delivered(subscription, message, delivery, isTaken, what)
    if (channel.isFull) this.#state.blame(`${what}: the channel is full`)

    const faultsOf = (entry: Entry): readonly string[] => this.#deliveryFaults(subscription, entry, message, delivery)
    this.#deadLetters.digUp(subscription.queue, tag)
    const candidates = this.#queues.open(subscription.queue).entries.filter((entry) => entry.tag === tag)
    const entry = candidates.find((each) => faultsOf(each).length === 0) ?? candidates[0]
    if (entry === undefined) return this.#state.blame(`${what}: is not there`)
    for (const fault of faultsOf(entry)) this.#state.blame(`${what}: ${fault} (${show(entry)})`)

    const queue = this.#queues.open(subscription.queue)
    this.#queues.mark(entry)
    entry.isAfterGap ||= queue.isGapAhead
    queue.isGapAhead = false
    this.#state.burying = this.#state.burying.filter((each) => each !== entry)
    for (const batch of this.#state.batches)
      if (batch.state === 'called' && batch.adds.includes(entry)) batch.isSeen = true
    if (!isTaken) {
      this.#state.saw('delivery not taken')
      entry.state = 'ready'
      return
    }
    this.#state.saw(delivery.redelivered ? 'redelivery' : 'first delivery')
    entry.wasTaken = true
    if (subscription.mode === 'auto') {
      entry.isAfterGap = false
      return this.#queues.leave(entry)
    }
    entry.state = 'held'
    entry.deliveries++
    this.#sessions.hold(subscription, id, delivery.ack ?? '', entry)
  }

  #deliveryFaults(
    { selector, queue: name }: ModelSubscription,
    entry: Entry,
    message: { readonly destination: string; readonly diedAt: string | undefined },
    delivery: { readonly redelivered?: boolean; readonly deliveryCount?: number; readonly isAfterGap?: boolean },
  ): readonly string[] {
    const faults: string[] = []
    const queue = this.#queues.open(entry.queue)
    if (!this.#batches.isToBeHad(entry)) faults.push(`it is ${entry.state}`)
    if (!selects(selector, entry.kind)) faults.push('the selector does not let it through')
    if (isOver(entry, this.#state.nowMs)) faults.push('its time is over')
    for (const other of queue.entries) {
      // Within a transaction what is given back goes first: so a dead letter may be there before what was sent there.
      const isComing = other.state === 'arriving' && entry.origin === undefined
      const isBefore = precedes(other, entry) && (other.state === 'ready' || isComing)
      if (isBefore && selects(selector, other.kind) && !isOver(other, this.#state.nowMs))
        faults.push(`overtakes ${show(other)}`)
    }
    if (entry.wasTaken && !delivery.redelivered) faults.push('delivered again as if for the first time')
    if (entry.deliveries > 0 && !delivery.redelivered) faults.push('its deliveries are forgotten')
    if (delivery.redelivered && entry.deliveries === 0 && !entry.isUncertain) faults.push('was never delivered before')
    const count = delivery.redelivered ? entry.deliveries + 1 : undefined
    if (delivery.deliveryCount !== count) faults.push(`the count is ${delivery.deliveryCount}, not ${count}`)
    const isAfterGap = entry.isAfterGap || queue.isGapAhead || (entry.state === 'arriving' && queue.isGapBehind)
    if ((delivery.isAfterGap ?? false) !== isAfterGap) faults.push('the gap is not as told')
    if (!queue.isDurable && message.destination !== name) faults.push(`shows ${message.destination}`)
    if (message.diedAt !== entry.origin) faults.push(`says that it died at ${message.diedAt}`)
    return faults
  }
}
