import type { StompError } from '../errors.js'
import { packBatches, weigh } from './durable-batch.js'
import { toCommitError } from './durable-refusal.js'
import { type LedgerThread, ThreadFault } from './durable-thread.js'
import type { StoreChange } from './message-store.js'

/** How long changes for which nobody waits are held at most for a commit to ride along with. */
const LATER_MS = 50

/** About how many bytes of messages go into one transaction. */
const GROUP_BYTES = 8 * 1024 * 1024

/** A batch, and who is told how it ended: without an error when it is on disk. */
interface WaitingBatch {
  readonly changes: readonly StoreChange[]
  readonly settle: (error: StompError | undefined) => void
}

/**
 * The group commit: batches that come while a sync runs wait, and share the next one. They take effect, and are told, in
 * the order in which they came.
 */
export class BatchQueue {
  readonly #thread: LedgerThread
  readonly #onFailed: (error: StompError) => void
  #waiting: WaitingBatch[] = []
  #laterTimer: NodeJS.Timeout | undefined = undefined
  /** Whether somebody waits for what is in the queue. */
  #isDue = false
  #running: Promise<void> | undefined = undefined

  /** @param onFailed is told once, when the store can do nothing any more. */
  constructor(thread: LedgerThread, onFailed: (error: StompError) => void) {
    this.#thread = thread
    this.#onFailed = onFailed
  }

  /** Takes a batch that goes out with all others of the present turn. */
  add(batch: WaitingBatch): void {
    this.#waiting.push(batch)
    this.#go()
  }

  /** Takes a batch that goes out with the next one, or soon. */
  addLater(batch: WaitingBatch): void {
    this.#waiting.push(batch)
    this.#laterTimer ??= setTimeout(() => this.#go(), LATER_MS).unref()
  }

  /** Resolves when everything that was taken has been told. */
  async flush(): Promise<void> {
    if (this.#waiting.length > 0) this.#go()
    await this.#running
  }

  #go(): void {
    this.#isDue = true
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    // What else this turn brings shall ride along.
    await undefined
    while (this.#isDue) await this.#applyGroup(this.#takeGroup())
    this.#running = undefined
  }

  #takeGroup(): WaitingBatch[] {
    let size = 0
    let bytes = 0
    for (const { changes } of this.#waiting) {
      if (size > 0 && bytes >= GROUP_BYTES) break
      bytes += weigh(changes)
      size += 1
    }
    const group = this.#waiting.slice(0, size)
    this.#waiting = this.#waiting.slice(size)
    this.#isDue = this.#waiting.length > 0
    if (!this.#isDue) {
      clearTimeout(this.#laterTimer)
      this.#laterTimer = undefined
    }
    return group
  }

  async #applyGroup(group: readonly WaitingBatch[]): Promise<void> {
    const errors = await this.#apply(group)
    for (const [index, { settle }] of group.entries()) settle(errors[index])
  }

  async #apply(group: readonly WaitingBatch[]): Promise<(StompError | undefined)[]> {
    try {
      const { batches, buffer } = packBatches(group.map(({ changes }) => changes))
      const faults = await this.#thread.apply(batches, buffer)
      return faults.map((fault) => {
        if (fault === undefined) return undefined
        const error = toCommitError(new ThreadFault(fault))
        if (fault.kind !== 'full') this.#onFailed(error)
        return error
      })
    } catch (thrown) {
      const error = toCommitError(thrown)
      this.#onFailed(error)
      return group.map(() => error)
    }
  }
}
