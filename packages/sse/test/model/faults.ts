/** What the network always does to this page: what it has to find its way around. */
export interface Terrain {
  /** Time under way of one piece, one way, in ms, and how much it may vary. */
  readonly latencyMs: number
  readonly jitterMs: number
  /**
   * What becomes of WebSockets. `swallowed`: no answer ever. `stripped`: the reply loses its sub-protocol. `plain`: the
   * request does. `mute...`: opened, and then one way or both carry nothing.
   */
  readonly sockets: 'work' | 'refused' | 'swallowed' | 'stripped' | 'plain' | 'mute-up' | 'mute-down' | 'mute-both'
  /** A proxy hands on a stream only in pieces of so many bytes. 0: at once. Infinity: when it ends. */
  readonly streamBufferBytes: number
  /** A proxy ends every connection after so long. Infinity: never. */
  readonly lifeMs: number
  /** A `fetch` that gives the body only when it is complete, as in React Native. */
  readonly hasStreamingFetch: boolean
  /** Greatest body that the proxy lets through; others get its own 413. */
  readonly maxBodyBytes: number
  /** Whether the page must share its connections with other tabs, and whether there are any left. */
  readonly locks: 'absent' | 'free' | 'taken'
}

/** What goes wrong for a while. */
export interface Fault {
  readonly kind: FaultKind
  readonly fromMs: number
  readonly lengthMs: number
  /** How much of what passes is hit. */
  readonly chance: number
}

export const FAULT_KINDS = [
  /** Requests vanish, with or without an error for the client. */
  'lose-requests',
  /** The server acts, the client hears nothing of it. */
  'lose-replies',
  /** A proxy sends a POST twice, the second time maybe much later, and may hand on either reply. */
  'repeat-requests',
  /** Requests and replies take seconds up to more than the client waits. */
  'delay',
  /** A proxy answers by itself, before or after the server has acted. */
  'pages',
  /** Carriers break, with either side told or not. */
  'cut',
  /** Carriers pass nothing any more, one way or both, for a time or for good. */
  'mute',
  /** Nothing gets through at all. */
  'offline',
  /** Few bytes a second. */
  'slow',
  /** Streams are handed on in clumps. */
  'clump',
  /** No WebSocket can be opened. */
  'refuse-sockets',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/** Whether a fault of this kind is at work. */
export function strengthOf(faults: readonly Fault[], kind: FaultKind, nowMs: number): number {
  let strength = 0
  for (const fault of faults) {
    if (fault.kind !== kind || nowMs < fault.fromMs || nowMs >= fault.fromMs + fault.lengthMs) continue
    strength = Math.max(strength, fault.chance)
  }
  return strength
}

/** When the last of all these is over. */
export function endOf(faults: readonly Fault[]): number {
  return faults.reduce((end, fault) => Math.max(end, fault.fromMs + fault.lengthMs), 0)
}

/** A network without faults, as others begin from. */
export const GOOD_TERRAIN: Terrain = {
  latencyMs: 20,
  jitterMs: 0,
  sockets: 'work',
  streamBufferBytes: 0,
  lifeMs: Number.POSITIVE_INFINITY,
  hasStreamingFetch: true,
  maxBodyBytes: Number.POSITIVE_INFINITY,
  locks: 'absent',
}
