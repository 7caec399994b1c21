import { StompError } from '../../errors.js'
import type { Observe } from '../../observe/events.js'
import type { StoreChange } from '../../store/message-store.js'
import type { ChannelOwner, Settled } from '../broker.js'
import { parseSelector, type Selector } from '../selectors/selector.js'
import { createSubscriptionIndex } from '../subscriptions/subscription-index.js'
import type { Budget } from './budget.js'
import type { HeldMessage } from './held-message.js'
import type { Queue } from './queue.js'
import type { QueueConsumer } from './queue-consumer.js'
import { gapNote } from './queue-gaps.js'
import type { QueueTable } from './queue-table.js'
import { isSelected } from './selected.js'
import type { Step } from './step.js'

/** One durable subscription: a queue that a topic fills, whether its owner is there or not. */
export interface DurableSubscription {
  /** Of the subscription and of its queue. */
  readonly name: string
  readonly destination: string
  readonly segments: readonly string[]
  readonly selector: Selector | undefined
  readonly queue: Queue
  /** Its live holder, if there is one. */
  consumer: QueueConsumer | undefined
  /** Until it is stored: when it will be. */
  stored: Settled
}

/** The durable subscriptions of a broker. */
export interface DurableSubscriptions {
  readonly count: number
  get(name: string): DurableSubscription | undefined
  /**
   * The subscription of this name, made if need be. Throws STOMP_ERR_SUBSCRIPTION_EXISTS if it is live, or has another
   * destination or selector.
   */
  open(
    name: string,
    destination: string,
    segments: readonly string[],
    selector: Selector | undefined,
  ): DurableSubscription
  /** Ends one for good and returns what the store must be told. */
  end(subscription: DurableSubscription): readonly StoreChange[]
  /** Plans to put a published message into all that it reaches; where one has no room, its oldest messages go. */
  planFill(destination: string, segments: readonly string[], held: HeldMessage): readonly Step[]
  /** What the store keeps under the name of one. */
  note(subscription: DurableSubscription): StoreChange
  /** Makes those that the store has kept. */
  restore(notes: ReadonlyMap<string, string>, segmentsOf: (destination: string) => readonly string[]): void
}

const PREFIX = 'durable:'

/** True for the name of a durable subscription and of its queue. */
export function isDurableName(name: string): boolean {
  return name.startsWith(PREFIX)
}

/** The name of a durable subscription: user, client and subscription id together. Throws if the client has no name. */
export function durableName(owner: ChannelOwner, clientId: string | undefined, id: string | undefined): string {
  const client = clientId ?? owner.clientId
  if (client === undefined || id === undefined) {
    throw new StompError('STOMP_ERR_HEADER_MISSING', {
      message: `A durable subscription needs the header '${id === undefined ? 'id' : 'client-id'}'`,
      cure: 'Give a client-id on CONNECT or SUBSCRIBE, and an id on SUBSCRIBE, both the same each time: they name it.',
    })
  }
  return PREFIX + [owner.userName ?? '', client, id].map(encodeURIComponent).join('/')
}

/** Makes an empty list. */
export function createDurableSubscriptions(queues: QueueTable, budget: Budget, observe: Observe): DurableSubscriptions {
  const known = new Map<string, DurableSubscription>()
  const index = createSubscriptionIndex<DurableSubscription>()

  const add = (
    name: string,
    destination: string,
    segments: readonly string[],
    selector: Selector | undefined,
  ): DurableSubscription => {
    const queue = queues.open(name, { isPinned: true })
    const subscription = {
      name,
      destination,
      segments,
      selector,
      queue,
      consumer: undefined,
      stored: undefined,
    }
    known.set(name, subscription)
    index.add(destination, segments, subscription)
    return subscription
  }

  const dropped = ({ name }: DurableSubscription, { message: { id, destination } }: HeldMessage): void =>
    observe({ type: 'message-dropped', destination, subscription: name, messageId: id })

  /** Drops the oldest that wait: as many as are too many, and for the sake of other queues no more than have come. */
  const makeRoom = (subscription: DurableSubscription, comeBytes: number): void => {
    const { queue } = subscription
    let freed = 0
    while (queue.isOver || (budget.isOver && freed < comeBytes)) {
      const oldest = queue.takeOldest()
      // Its consumer has all the others.
      if (oldest === undefined) return
      freed += oldest.held.bytes
      queues.drop(queue, oldest)
      dropped(subscription, oldest.held)
    }
  }

  const planFillOne = (subscription: DurableSubscription, held: HeldMessage): Step => {
    const { queue } = subscription
    if (!queue.mayEverHold(held.bytes)) {
      const gap = queues.planGap(queue, held)
      const apply = (): void => {
        gap.apply()
        dropped(subscription, held)
      }
      return { ...gap, apply }
    }
    // Only when it is sure to come the others make room for it.
    const put = queues.planPut(queue, held, { isForced: true })
    const apply = (): void => {
      put.apply()
      makeRoom(subscription, held.bytes)
    }
    return { ...put, apply }
  }

  return {
    get count() {
      return known.size
    },
    get: (name) => known.get(name),
    open(name, destination, segments, selector) {
      const found = known.get(name)
      if (found === undefined) return add(name, destination, segments, selector)
      if (found.consumer !== undefined) {
        throw new StompError('STOMP_ERR_SUBSCRIPTION_EXISTS', {
          message: 'This durable subscription is in use by another session',
          cure: 'Disconnect the other session first, or take another client-id or subscription id.',
        })
      }
      if (found.destination !== destination || found.selector?.text !== selector?.text) {
        throw new StompError('STOMP_ERR_SUBSCRIPTION_EXISTS', {
          message: 'This durable subscription exists with another destination or selector',
          cure: 'End it with UNSUBSCRIBE first (which forgets what it has kept), or take another subscription id.',
        })
      }
      return found
    },
    end(subscription) {
      const { name, destination, segments, queue } = subscription
      const gaps = queue.gaps.end()
      known.delete(name)
      index.remove(destination, segments, subscription)
      queues.delete(name)
      return [
        { kind: 'clear', shelf: name },
        { kind: 'note', name, text: undefined },
        ...gaps.map((gap) => gapNote(name, gap, false)),
      ]
    },
    planFill(destination, segments, held) {
      if (known.size === 0) return []
      const steps: Step[] = []
      index.match(destination, segments, (subscription) => {
        if (isSelected(subscription.selector, held.message)) steps.push(planFillOne(subscription, held))
      })
      return steps
    },
    note({ name, destination, selector }) {
      return { kind: 'note', name, text: JSON.stringify({ destination, selector: selector?.text }) }
    },
    restore(notes, segmentsOf) {
      for (const [name, text] of notes) {
        if (!isDurableName(name)) continue
        const { destination, selector } = readNote(text)
        add(name, destination, segmentsOf(destination), selector === undefined ? undefined : parseSelector(selector))
      }
    },
  }
}

function readNote(text: string): { readonly destination: string; readonly selector?: string } {
  // Written by `note`, and checked by the store.
  return JSON.parse(text) as { destination: string; selector?: string }
}
