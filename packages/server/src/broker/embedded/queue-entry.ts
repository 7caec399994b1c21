import type { Selector } from '../selectors/selector.js'
import type { HeldMessage } from './held-message.js'

/** One message at its place in one queue. */
export interface QueueEntry {
  /** Its place: what comes back to the queue comes back here. */
  readonly position: number
  readonly held: HeldMessage
  /** How often it was given to a consumer, as far as is known. */
  deliveries: number
  /** True if it may have been delivered more often than is known: before a crash. */
  isUncertain: boolean
  /** Set if it tells its consumer that messages were dropped: the place of one of them. */
  gap: number | undefined
  /** ready: waits here; given: a consumer has it, or it is on its way out; gone: for good. */
  state: 'ready' | 'given' | 'gone'
}

/** What became of an entry that a consumer was given: it is settled, it is held until an answer, or it was not taken. */
export type Given = 'settled' | 'held' | 'refused'

/** Whoever takes messages out of a queue. */
export interface Consumer {
  readonly selector: Selector | undefined
  /** True if it may be given one more now. */
  hasCredit(): boolean
  /** Must not throw; may remove consumers from queues, this one too. */
  give(entry: QueueEntry): Given
}
