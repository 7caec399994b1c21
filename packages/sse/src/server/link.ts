import type { DownTurn } from './down-turn.js'

/** Who listens on a {@link Link}. All calls come from the link, never from inside a call to it. */
export interface LinkListener<Admission = unknown> {
  /** The next message of the client: exactly once, in order. Not told while paused. */
  message(data: Uint8Array | string): void
  /** After a `write` that returned false: there is room again. */
  drained(): void
  /**
   * The client has renewed its credentials: they end `lifeMs` from now (undefined: never). `admission`: what the door has
   * found out, undefined where another node has asked. A listener that has this method ends the link itself when its
   * credentials end; for one without it the link does, with 4401.
   */
  renewed?(lifeMs: number | undefined, admission: Admission | undefined): void
  /** The link is over for the application, for whatever cause; the last call, made exactly once. */
  closed(code: number, reason: string): void
}

/** One virtual connection, as the application sees it: it outlives the requests and sockets that carry it. */
export interface Link<Admission = unknown> {
  /** The public id. */
  readonly id: string
  /** The sub-protocol chosen from the client's list; undefined if none. */
  readonly protocol: string | undefined
  /** What the door found out when the link was opened. Let go of by whoever needs it no more. */
  admission: Admission | undefined
  /** Address of the client that opened it. */
  readonly remoteAddress: string | undefined
  /** What carries messages down now. */
  readonly rung: Rung | undefined
  /** True while nothing carries messages down, within `graceMs`: times that judge the client's slowness should rest. */
  readonly isSuspended: boolean
  /** Names the listener; called once, in the turn in which the link was accepted. */
  attach(listener: LinkListener<Admission>): void
  /**
   * Numbers and keeps all messages of a turn until the client has acknowledged them, and writes them to the present
   * carrier, if there is one with room. False: much is unacknowledged; write no more until `drained`, though what is
   * written is still taken. A write after the end does nothing and returns false.
   */
  write(turn: DownTurn): boolean
  /** Stops or starts taking messages of the client, who is held back as far as the carrier can. */
  setPaused(paused: boolean): void
  /**
   * Ends the link behind all that was written: it is replayed, with the code, until the client has acknowledged it, or
   * `graceMs` have passed. `closed` is told soon, not that late.
   */
  close(code: number, reason: string): void
}

/** What carries messages down. */
export type Rung = 'websocket' | 'stream' | 'poll'
