import type { DownData } from './downlink.js'
import type { Members } from './reading.js'

/** One way down under way: a WebSocket, an event stream or a poll. */
export interface Carrier {
  /** Ends it at once; nothing is told any more. */
  drop(): void
}

/** What a carrier tells. */
export interface CarrierListener {
  /** Bytes came, whatever they mean. */
  heard(): void
  /** An event or control message: `o`, `k`, `c`, or one that is not known. */
  event(name: string, data: Members): void
  /** The next message, counted from `o`. */
  message(data: DownData): void
  /** What came cannot be understood. */
  broken(what: string): void
  /** It has ended; told last, once. The refusal is the server's own; without one it was the network, or good order. */
  ended(refused?: Refused): void
}

/** A refusal of the server: it is known to have come from it (PROTOCOL.md, section 2). */
export interface Refused {
  readonly status: number
  readonly body: Members
}
