import type { DurableId } from '../operation.js'
import type { Batch } from './batches.js'
import type { Entry, ModelQueue } from './queue.js'
import type { ModelChannel, ModelSubscription } from './sessions.js'

/** The bounds that the broker is set up with. */
export const MAX_DELIVERIES = 3
export const MAX_MESSAGES = 5
export const MAX_BACKLOG = 3

/** What was removed without anybody waiting: after a crash it may be back. */
export interface Ghost {
  readonly entry: Entry
  /** When the store had been asked so often, at the latest. */
  stamp: number | undefined
}

/** All that the model knows. */
export class ModelState {
  readonly faults: string[] = []
  readonly seen: Map<string, number> = new Map()
  readonly queues: Map<string, ModelQueue> = new Map()
  /** By the batch that made each; undefined if that was before a restart. */
  readonly durables: Map<DurableId, Batch | undefined> = new Map()
  channels: ModelChannel[] = []
  batches: Batch[] = []
  /** Queues for which something was refused in this turn. */
  readonly heldUp: Set<string> = new Set()
  /** Sessions of which something was refused in this turn. */
  readonly laggards: Set<ModelChannel> = new Set()
  /** The one that is being handed over. */
  current: Batch | undefined
  /** On their way to the dead letters. */
  burying: Entry[] = []
  /** Of durable subscriptions that have ended. */
  orphans: Entry[] = []
  ghosts: Ghost[] = []
  readonly messageIds: Map<string, string> = new Map()
  order = 0
  nowMs = 0
  isStoreRefusing = false
  /** While true, what was settled takes effect, one after the other. */
  isTurning = false
  /** Dead letters that were delivered before the broker told of them. */
  dug: Entry[] = []

  blame(fault: string): void {
    this.faults.push(fault)
  }

  /** Notes that something has happened, so that a test can tell what the runs were about. */
  saw(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
  }

  get subscriptions(): readonly ModelSubscription[] {
    return this.channels.flatMap(({ subscriptions }) => subscriptions)
  }

  /** The broker has given a message its id. */
  name(tag: string, messageId: string): void {
    this.messageIds.set(tag, messageId)
  }
}
