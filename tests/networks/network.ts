import type { Component } from '../components.js'
import { nowMs } from './numbered.js'

/** Something that a network did to what was on its way. */
export interface Fault {
  readonly atMs: number
  readonly what: string
}

/** What a network says of its faults, as they happen. */
export class FaultLog {
  readonly faults: Fault[] = []

  note(what: string): void {
    this.faults.push({ atMs: nowMs(), what })
  }
}

/** A network in use, between a page and a server. */
export interface OpenNetwork {
  /** Where the page finds the server. */
  readonly url: string
  readonly log: FaultLog
  /** The traffic begins: what happens by the clock may happen from now on. */
  begin?(): void
  /** Ends it with all its connections and processes. */
  close(): Promise<void>
}

/** What carries messages. */
export type Carrier = 'websocket' | 'stream' | 'poll'

/** A kind of network. */
export interface Network {
  /** For the table. */
  readonly name: string
  /** What must be on the machine. */
  readonly needs: readonly Component[]
  /** Opens it before the server on that port of 127.0.0.1. */
  open(targetPort: number): Promise<OpenNetwork>
  /** What the page may use; all, if this is not given. */
  readonly rungs?: readonly Carrier[]
  /** What can carry here; nothing else may have carried a message. */
  readonly carriers: readonly Carrier[]
  /**
   * For a network that is always the same: finds out, without the client under test, that it really is so. Rejects if it is
   * not.
   */
  proves?(url: string): Promise<void>
  /** For one that has events: so many in a minute, at least, must have met messages on their way. */
  readonly faultsPerMinute?: number
}
