import type { Admitted, Forwarded } from './exchange.js'

/** One WebSocket with the sub-protocol of links, free of any WebSocket library. */
export interface LinkSocket {
  /** Names the listener; called once, in the tick in which the socket was received. */
  attach(listener: LinkSocketListener): void
  /** Writes ready frames (form `link`). False: full until `drained`. Ignored after the end. */
  write(frames: Uint8Array): boolean
  /** Writes a text message of its own, behind what was written. */
  writeText(text: string): boolean
  setPaused(paused: boolean): void
  /** Ends it behind what was written. */
  close(code: number, reason: string): void
  /** Ends it at once. */
  destroy(): void
}

/** Who is told of a {@link LinkSocket}. */
export interface LinkSocketListener {
  message(data: Uint8Array | string): void
  drained(): void
  /** It has ended, for whatever cause; told once, never inside a call to it. */
  closed(): void
}

/** What is known of the request that became a {@link LinkSocket}. */
export interface SocketRequest<Admission> {
  readonly origin: string | undefined
  readonly remoteAddress: string | undefined
  /** All sub-protocols that the client offered. */
  readonly protocols: readonly string[]
  readonly admitted: Admitted<Admission> | undefined
  /** It comes from another node, which has greeted it: only an `a` for this link is awaited. */
  readonly forwarded?: Forwarded | undefined
}
