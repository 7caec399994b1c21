/*
 * Types of the part of the durable store that runs in a thread of its own. Node 20 must be able to start that thread from
 * the sources as from the built package, so its code is plain JavaScript, checked against these types.
 */

/** The part of the interface of `node:sqlite` that is used. */
export interface Driver {
  readonly DatabaseSync: new (path: string, options?: { readonly readOnly?: boolean }) => Database
}

/** One connection to a file. */
export interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

/** A prepared statement. Numbers are whole; what is not kept as text comes as `Uint8Array`. */
export interface Statement {
  run(...values: readonly SqlValue[]): { readonly changes: number | bigint }
  get(...values: readonly SqlValue[]): unknown
  iterate(...values: readonly SqlValue[]): Iterable<unknown>
}

export type SqlValue = number | string | Uint8Array

/** Why something cannot be done; each is one `STOMP_ERR_STORE_*`. */
export type FaultKind = 'full' | 'failed' | 'locked' | 'damaged' | 'format'

/** A refusal that can be posted from thread to thread. */
export interface Fault {
  readonly kind: FaultKind
  readonly detail: string
}

export declare class LedgerError extends Error implements Error {
  readonly kind: FaultKind
  constructor(kind: FaultKind, detail: string, cause?: unknown)
}

/** The running account: what must be there. Changed in every transaction, together with what it counts. */
export interface Account {
  /** How many transactions changed something. */
  commits: number
  messages: number
  entries: number
  notes: number
  /** Sum of the checksums of all messages, entries and notes. */
  total: number
  /** 1 after a close, 0 while somebody owns the store. */
  isClosed: number
}

/** A step of a batch: a `StoreChange` whose message is an index into the batch's messages. */
export type LedgerChange =
  | {
      readonly kind: 'add'
      readonly shelf: string
      readonly position: number
      readonly message: number
      readonly deliveries: number
    }
  | { readonly kind: 'delivered'; readonly shelf: string; readonly position: number; readonly deliveries: number }
  | { readonly kind: 'remove'; readonly shelf: string; readonly position: number }
  | { readonly kind: 'clear'; readonly shelf: string }
  | { readonly kind: 'note'; readonly name: string; readonly text: string | undefined }

/** What takes effect as a whole or not at all. */
export interface LedgerBatch {
  /** The messages that are added, encoded, each once. */
  readonly messages: readonly Uint8Array[]
  readonly changes: readonly LedgerChange[]
}

/** Is told what a store holds: first all messages, then entries shelf by shelf in their order, then notes. */
export interface LedgerReader {
  message(id: number, data: Uint8Array): void
  entry(shelf: string, position: number, message: number, deliveries: number): void
  note(name: string, text: string): void
}

export interface LedgerOptions {
  readonly directory: string
  /** Upper bound of the file's length. */
  readonly maxBytes: number | undefined
}

/** An open store. Synchronous: its calls return when what they did is on disk. */
export interface Ledger {
  readonly wasClosed: boolean
  /** Applies batches in their order, as many as possible in one transaction; for each what went wrong, or undefined. */
  apply(batches: readonly LedgerBatch[]): (Fault | undefined)[]
  /** Marks the store as closed and lets go of it. */
  close(): void
  /** Lets go of it without a mark, as a crash would. */
  abandon(): void
}

/** Loads the engine. Throws a {@link LedgerError} `failed` that says what to install. */
export declare function loadDriver(): Promise<Driver>

/** Takes possession of a directory, checks everything in it and reads it. Throws a {@link LedgerError}. */
export declare function openLedger(driver: Driver, options: LedgerOptions, reader: LedgerReader): Ledger
