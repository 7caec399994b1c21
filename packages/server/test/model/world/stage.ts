import type { Broker } from '../../../src/broker/broker.js'
import { embeddedBroker } from '../../../src/broker/embedded/embedded-broker.js'
import { createDestinationSyntax } from '../../../src/destination/destination.js'
import type { StompEvent } from '../../../src/observe/events.js'
import { type MemoryStore, memoryStore } from '../../../src/store/memory-store.js'
import { type BrokerModel, createBrokerModel } from '../reference/broker-model.js'
import { MAX_BACKLOG, MAX_DELIVERIES, MAX_MESSAGES } from '../reference/state.js'
import { SlowStore } from '../slow-store.js'
import { Timeline } from './timeline.js'

const EPOCH_MS = 1_000_000_000_000

/** A broker over a slow store, its time, and the model that watches it. */
export class Stage {
  readonly model: BrokerModel = createBrokerModel()
  readonly timeline: Timeline = new Timeline()
  broker: Broker | undefined
  store: SlowStore
  /** Rises with each end of a broker: what belongs to an earlier one is of no account. */
  life = 0
  isClosed = false
  /** Tags of the messages that are being sent. */
  unnamed: string[] = []
  readonly #memory: MemoryStore = memoryStore()
  #lastId = 0

  constructor() {
    this.store = new SlowStore(this.#memory)
  }

  /** Opens the broker. To be called once, first. */
  async open(): Promise<void> {
    this.isClosed = false
    const { life, timeline } = this
    this.broker = await embeddedBroker({
      store: this.store,
      maxDeliveries: MAX_DELIVERIES,
      maxQueueMessages: MAX_MESSAGES,
      maxBacklogMessages: MAX_BACKLOG,
    })({
      syntax: createDestinationSyntax(),
      nextMessageId: () => this.#nextMessageId(),
      observe: (event) => life === this.life && this.#observe(event),
      clock: {
        now: () => timeline.nowMs,
        epochMs: () => EPOCH_MS + timeline.nowMs,
        soon: (run) => timeline.soon(run),
      },
      after: (delayMs, run) => timeline.after(delayMs, run),
    })
  }

  /** Opens a broker over what the last one has left behind. `durableCalls`: see `recover`. */
  async reopen(durableCalls: number | undefined): Promise<void> {
    const { isRefusing } = this.store
    this.life++
    this.timeline.clear()
    this.store = new SlowStore(this.#memory)
    this.store.isRefusing = isRefusing
    await this.open()
    const { contents } = this.store
    if (contents !== undefined) this.model.recovery.recover(contents, durableCalls)
  }

  advance(ms: number): void {
    this.model.queues.advance(ms)
    this.timeline.advance(ms)
  }

  async release(commits?: number): Promise<void> {
    const { model, store } = this
    const { refusals } = store
    model.state.isStoreRefusing = store.isRefusing
    store.release(commits)
    if (store.refusals > refusals) model.deadLetters.doubt()
    await microtasks()
    model.state.isStoreRefusing = false
  }

  turn(): void {
    const { state, outcomes } = this.model
    state.isTurning = true
    this.timeline.turn()
    state.isTurning = false
    outcomes.turned()
  }

  async settle(): Promise<void> {
    while (this.store.isAwaited || this.timeline.isTurnDue) {
      await this.release()
      this.turn()
      await microtasks()
    }
    if (!this.model.batches.isQuiet) this.model.state.blame('something is never told its end')
  }

  /** Throws if the broker has not done as it must. */
  check(): void {
    const { admin } = this.broker ?? {}
    const { books, state } = this.model
    books.compare(admin?.destinations() ?? [], admin?.keptBytes ?? 0, this.store.calls)
    books.checkNothingWaits()
    if (state.faults.length > 0) throw new Error(state.faults.join('\n'))
  }

  #nextMessageId(): string {
    const id = `id-${++this.#lastId}`
    const tag = this.unnamed.shift()
    if (tag !== undefined) this.model.state.name(tag, id)
    return id
  }

  #observe(event: StompEvent): void {
    if (event.type === 'message-dropped') this.model.durables.dropped(event.subscription, event.messageId)
    if (event.type === 'dead-letter') this.model.deadLetters.died(event.destination, event.messageId)
  }
}

/** Lets everything happen that follows without a turn of the broker's own. */
export function microtasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
