import type { Headers } from '@hoofbeat/codec'

/** One message as a store keeps it: everything that a broker needs to deliver it after a restart. */
export interface StoredMessage {
  readonly id: string
  /** The destination that was published to. */
  readonly destination: string
  /** The sender's own headers in their order, repeats kept. */
  readonly headers: Headers
  readonly body: Uint8Array
  /** When it was taken over, in ms since the epoch. */
  readonly publishedAtMs: number
  /** When it is worth nothing any more, in ms since the epoch; undefined: never. */
  readonly expiresAtMs: number | undefined
}

/** One message at its place. A shelf is a queue, a durable subscription or the history of a topic: the broker names them. */
export interface StoredEntry {
  readonly shelf: string
  /** Orders the messages of a shelf; unique in it. A whole number from 0 to 2^53 - 1. */
  readonly position: number
  readonly message: StoredMessage
  /** How often it was delivered, as far as is known. */
  readonly deliveries: number
}

/** One step of a commit. Steps take effect in their order. */
export type StoreChange =
  /** Takes the place of what lay there before, if anything did. */
  | {
      readonly kind: 'add'
      readonly shelf: string
      readonly position: number
      readonly message: StoredMessage
      readonly deliveries: number
    }
  /** Harmless where nothing lies. */
  | { readonly kind: 'delivered'; readonly shelf: string; readonly position: number; readonly deliveries: number }
  /** Harmless where nothing lies. */
  | { readonly kind: 'remove'; readonly shelf: string; readonly position: number }
  /** Removes everything on a shelf. */
  | { readonly kind: 'clear'; readonly shelf: string }
  /** Keeps a text under a name (what durable subscriptions there are and lack, say); undefined forgets it. */
  | { readonly kind: 'note'; readonly name: string; readonly text: string | undefined }

/** What was found when a store was opened. */
export interface StoreContents {
  /** All messages; those of one shelf by position. */
  readonly entries: readonly StoredEntry[]
  readonly notes: ReadonlyMap<string, string>
  /**
   * False if the last owner did not close the store (a crash, a kill): what `later` had promised may be missing then,
   * so a message may have been delivered more often than is known, or been removed. True for a new store.
   */
  readonly wasClosed: boolean
}

/**
 * Where a broker keeps what must outlive it. Commits are atomic and durable, and take effect in the order of the calls,
 * `later` included. One owner at a time.
 */
export interface MessageStore {
  /**
   * Takes possession and gives back what is kept. To be called first, and again only after `close`. Rejects with a
   * StompError: `STOMP_ERR_STORE_LOCKED` if another owner is alive, `STOMP_ERR_STORE_DAMAGED` if what lies there cannot
   * be trusted (the message names what was found; nothing was changed, save that a commit which a crash had cut short
   * may have been undone), `STOMP_ERR_STORE_FORMAT` if it was written in another format, `STOMP_ERR_STORE_FULL` if there
   * is no room even to begin, `STOMP_ERR_STORE_FAILED` else.
   */
  open(): Promise<StoreContents>
  /**
   * All changes, or none. Resolves when they would outlive a loss of power; many commits that wait at the same time may
   * share one sync. Rejects with a StompError if nothing was changed: `STOMP_ERR_STORE_FULL` when there is no room (the
   * store works on, and smaller or later commits may pass), `STOMP_ERR_STORE_FAILED` else (from then on every commit
   * is refused, until the store was opened anew).
   */
  commit(changes: readonly StoreChange[]): Promise<void>
  /**
   * The same, but nobody waits: takes effect before any later commit, or soon. If it fails, `onLost` of the store's
   * maker is told; after a crash the last of these may never have happened.
   */
  later(changes: readonly StoreChange[]): void
  /** Resolves when everything is durable and the possession is given up. Later calls reject. Harmless when repeated. */
  close(): Promise<void>
}
