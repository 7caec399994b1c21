import { resolve } from 'node:path'
import { StompError } from '../errors.js'
import { ContentsReader } from './durable-contents.js'
import { BatchQueue } from './durable-queue.js'
import { toOwnerError } from './durable-refusal.js'
import { type LedgerThread, startLedgerThread, ThreadFault } from './durable-thread.js'
import type { MessageStore, StoreChange, StoreContents } from './message-store.js'

/*
 * A message store in one SQLite file.
 *
 * Why SQLite: damage gives errors, where a memory-mapped store ends the process with SIGBUS; one file, whose length the
 * engine knows; and twenty years of tests of exactly what matters here, power loss in the middle of a commit. Why this
 * driver: it brings SQLite as it is (not a fork of it) with binaries inside the npm package, runs on Node 20, and has the
 * interface of `node:sqlite`, which can take its place when Node 20 and 22 are gone.
 *
 * Why a rollback journal and not a write-ahead log (WAL): a log that is damaged is cut off by the engine where the damage
 * begins, so commits that were promised vanish without a word, and it takes a witness outside to notice. With a rollback
 * journal the file itself is always the last commit, and its own account (see ledger/audit.js) tells whether it is whole.
 * The price is four syncs for a commit instead of one. Commits that come alone cost two to three times as much; groups
 * of 256 come out even. The journal's file is kept (`PERSIST`): a sync is cheaper while no length changes, and its room
 * is there when the disk is full, so that removing still works then.
 */

/** See {@link durableStore}. */
export interface DurableStoreOptions {
  /** Where the store lives: a directory on a local disk, made if absent, of one process at a time. */
  readonly directory: string
  /**
   * How long the file may become, in bytes; what does not fit is refused with `STOMP_ERR_STORE_FULL`. Room of removed
   * messages is used again, but the file never shrinks. The journal beside it takes up to 4 MiB, and for a moment as much
   * as one large commit changes.
   * @default no bound
   */
  readonly maxBytes?: number
  /**
   * Told of changes handed to `later` that could not be kept: there was no room, the store failed, or it was not open.
   * Must not throw.
   */
  readonly onLost?: (error: StompError, changes: readonly StoreChange[]) => void
}

/**
 * Keeps messages in a directory, with every commit on disk before it resolves. Commits that wait while a sync runs
 * share the next one. Needs the package `@photostructure/sqlite`; without it `open` rejects and says so. Reading, writing
 * and syncing happen in a thread of its own.
 */
export function durableStore(options: DurableStoreOptions): MessageStore {
  return new DurableStore(options)
}

/** An open store. */
interface Possession {
  readonly thread: LedgerThread
  readonly queue: BatchQueue
}

class DurableStore implements MessageStore {
  readonly #directory: string
  readonly #maxBytes: number | undefined
  readonly #onLost: DurableStoreOptions['onLost']
  #opening: Promise<StoreContents> | undefined = undefined
  #possession: Possession | undefined = undefined
  /** Why nothing is taken: not open yet, closed, or failed. */
  #refusal: StompError | undefined = notOpen()
  #closing: Promise<void> | undefined = undefined

  constructor({ directory, maxBytes, onLost }: DurableStoreOptions) {
    this.#directory = resolve(directory)
    this.#maxBytes = maxBytes
    this.#onLost = onLost
  }

  open(): Promise<StoreContents> {
    if (this.#opening !== undefined) return Promise.reject(alreadyOpen(this.#directory))
    this.#opening = this.#open()
    this.#closing = undefined
    return this.#opening
  }

  commit(changes: readonly StoreChange[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#refusal !== undefined) {
        reject(this.#refusal)
        return
      }
      const settle = (error: StompError | undefined) => (error === undefined ? resolve() : reject(error))
      this.#possession?.queue.add({ changes, settle })
    })
  }

  later(changes: readonly StoreChange[]): void {
    const settle = (error: StompError | undefined) => {
      if (error !== undefined) this.#onLost?.(error, changes)
    }
    if (this.#refusal !== undefined) settle(this.#refusal)
    else this.#possession?.queue.addLater({ changes, settle })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #open(): Promise<StoreContents> {
    const thread = startLedgerThread({ directory: this.#directory, maxBytes: this.#maxBytes })
    try {
      const reader = new ContentsReader()
      const wasClosed = await thread.open((found) => reader.take(found))
      const contents = reader.contents(wasClosed)
      const queue = new BatchQueue(thread, (error) => {
        this.#refusal ??= error
      })
      this.#possession = { thread, queue }
      this.#refusal = undefined
      return contents
    } catch (thrown) {
      await thread.end()
      this.#opening = undefined
      throw toOwnerError(thrown, this.#directory)
    }
  }

  async #close(): Promise<void> {
    await this.#opening?.catch(() => undefined)
    if (this.#possession === undefined) return
    const { thread, queue } = this.#possession
    this.#refusal ??= notOpen()
    await queue.flush()
    try {
      await thread.close()
    } catch (thrown) {
      throw toOwnerError(thrown, this.#directory)
    } finally {
      await thread.end()
      this.#possession = undefined
      this.#opening = undefined
    }
  }
}

function notOpen(): StompError {
  return new StompError('STOMP_ERR_STORE_FAILED', { message: 'The message store is not open' })
}

function alreadyOpen(directory: string): StompError {
  return toOwnerError(new ThreadFault({ kind: 'locked', detail: 'it is open already' }), directory)
}
