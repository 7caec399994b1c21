import type { AckReference } from '../../../src/broker/broker.js'
import type { DurableId, SendRequest } from '../operation.js'
import type { Entry } from './queue.js'
import type { ModelChannel, ModelSubscription } from './sessions.js'
import type { ModelState } from './state.js'

/** What a request means to the model: a message with its name, an answer, or what cannot be done. */
export type ModelRequest =
  | { readonly tag: string; readonly send: SendRequest }
  | { readonly isAck: boolean; readonly reference: AckReference }
  | { readonly code: string }

/** A published message on its way to the subscriptions of a topic. */
export interface Publication {
  readonly tag: string
  readonly destination: string
  readonly expiresAtMs: number | undefined
  readonly kind: string
  readonly order: number
}

/** What was asked for together: takes effect as a whole, or not at all. */
export interface Batch {
  state: 'called' | 'settled' | 'applied' | 'refused'
  /** Whose request it is, if it is one's. */
  readonly channel: ModelChannel | undefined
  /** A message of it was delivered already. */
  isSeen: boolean
  /** Those who asked are told at once, if it takes effect at once; operators always wait. */
  readonly isAdmin: boolean
  adds: Entry[]
  removes: Entry[]
  returns: Entry[]
  publications: Publication[]
  /** Whose deliveries it answers: they have credit again when it takes effect, at the latest. */
  answers: ModelSubscription[]
  /** A durable subscription that it makes. */
  durable: DurableId | undefined
}

/** What was asked for and has not yet come to its end. */
export class ModelBatches {
  readonly #state: ModelState

  constructor(state: ModelState) {
    this.#state = state
  }

  /** True if nothing is on its way. */
  get isQuiet(): boolean {
    return this.#state.batches.length === 0
  }

  /** True if a request of it has not taken effect yet: then those behind wait as well. */
  isWaiting(channel: ModelChannel): boolean {
    return this.#state.laggards.has(channel) || this.#state.batches.some((batch) => batch.channel === channel)
  }

  begin(isAdmin = false, channel?: ModelChannel): Batch {
    const parts = { adds: [], removes: [], returns: [], publications: [], answers: [], durable: undefined }
    const batch: Batch = { state: 'called', isSeen: false, isAdmin, channel, ...parts }
    this.#state.batches.push(batch)
    this.#state.current = batch
    return batch
  }

  mayApply(batch: Batch): boolean {
    return batch === this.#state.current || (batch.state === 'settled' && this.#state.isTurning)
  }

  /** True if it may be given to somebody now. */
  isToBeHad(entry: Entry): boolean {
    switch (entry.state) {
      case 'ready':
        return true
      case 'arriving':
      case 'returning': {
        const batch = this.#state.batches.find(({ adds, returns }) => adds.includes(entry) || returns.includes(entry))
        if (batch === undefined) return false
        return this.mayApply(batch) || (entry.state === 'returning' && this.#state.isStoreRefusing)
      }
      case 'leaving':
        return this.#state.isStoreRefusing
      case 'burying':
        return entry.isDoubtful || this.#state.isStoreRefusing
      default:
        return false
    }
  }

  /** The call is over in which a batch was handed over. */
  called(): void {
    this.#state.current = undefined
  }
}
