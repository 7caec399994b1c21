import { StompError } from '../../src/errors.js'
import type { MemoryStore } from '../../src/store/memory-store.js'
import type { MessageStore, StoreChange, StoreContents } from '../../src/store/message-store.js'

/** What a store was given and has not yet done; a commit has somebody who waits. */
interface Pending {
  readonly changes: readonly StoreChange[]
  readonly settle: ((error: StompError | undefined) => void) | undefined
}

/**
 * A store that takes its time: nothing it is given is durable until `release` says so, so a test decides what happens
 * between a commit and its end, and how much of it a crash leaves. One life of a store; the next one is made over the
 * same memory.
 */
export class SlowStore implements MessageStore {
  /** What was found at the beginning of this life. */
  contents: StoreContents | undefined
  /** While true, commits that ask for room are refused. */
  isRefusing = false
  refusals = 0
  readonly #memory: MemoryStore
  #pending: Pending[] = []
  #durable = 0
  #life: 'open' | 'closed' | 'crashed' = 'open'

  constructor(memory: MemoryStore) {
    this.#memory = memory
  }

  /** Calls of `commit` and `later` in this life. */
  get calls(): number {
    return this.#durable + this.#pending.length
  }

  /** How many of them would outlive a crash (or were refused): the first ones. */
  get durable(): number {
    return this.#durable
  }

  /** True if somebody waits for a commit. */
  get isAwaited(): boolean {
    return this.#pending.some(({ settle }) => settle !== undefined)
  }

  async open(): Promise<StoreContents> {
    this.contents = await this.#memory.open()
    return this.contents
  }

  commit(changes: readonly StoreChange[]): Promise<void> {
    if (this.#life === 'crashed') return new Promise(() => {})
    if (this.#life === 'closed') return Promise.reject(new StompError('STOMP_ERR_STORE_FAILED', { message: 'closed' }))
    return new Promise((resolve, reject) => {
      const settle = (error: StompError | undefined): void => (error === undefined ? resolve() : reject(error))
      this.#pending.push({ changes, settle })
    })
  }

  later(changes: readonly StoreChange[]): void {
    if (this.#life === 'open') this.#pending.push({ changes, settle: undefined })
  }

  async close(): Promise<void> {
    if (this.#life !== 'open') return
    this.release()
    this.#keep(this.#pending.length)
    this.#life = 'closed'
    await this.#memory.close()
  }

  /** Makes the first `commits` commits durable, with what came before them, or refuses them. */
  release(commits: number = Number.POSITIVE_INFINITY): void {
    for (let left = commits; left > 0 && this.isAwaited; left--) {
      this.#keep(this.#pending.findIndex(({ settle }) => settle !== undefined))
      const [commit] = this.#pending.splice(0, 1)
      this.#durable++
      if (commit === undefined) return
      if (this.isRefusing && commit.changes.some(asksForRoom)) {
        this.refusals++
        commit.settle?.(new StompError('STOMP_ERR_STORE_FULL', { message: 'The store is full' }))
      } else {
        this.#apply(commit)
        commit.settle?.(undefined)
      }
    }
  }

  /** Ends this life: of what was not yet durable the first `kept` calls took effect, and nobody is told anything. */
  crash(kept: number): void {
    this.#keep(Math.min(kept, this.#pending.length))
    this.#life = 'crashed'
    this.#pending = []
    this.#memory.abandon()
  }

  #keep(calls: number): void {
    for (const each of this.#pending.splice(0, calls)) this.#apply(each)
    this.#durable += calls
  }

  #apply({ changes }: Pending): void {
    // Takes effect at once; only the promise comes later.
    this.#memory.commit(changes).catch(() => {})
  }
}

function asksForRoom(change: StoreChange): boolean {
  return change.kind === 'add' || (change.kind === 'note' && change.text !== undefined)
}
