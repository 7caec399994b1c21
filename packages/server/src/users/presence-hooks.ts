import type { User } from '../hooks/user.js'

/** What is known of a session that is connected. */
export interface SessionFacts {
  readonly sessionId: string
  /** Undefined for an anonymous session. */
  readonly user: User | undefined
  /**
   * What carries it: `websocket`, `tcp`, `link` (the fallback), `sockjs`, `linked` (within the process), or `events` for
   * a reader without STOMP.
   */
  readonly transport: 'websocket' | 'tcp' | 'link' | 'sockjs' | 'linked' | 'events'
}

/** A session is connected. */
export interface ConnectedEvent extends SessionFacts {
  /** Whether the user has no other session: now it is there. False for an anonymous session. */
  readonly isFirst: boolean
}

/** A session has ended and its connection is gone. */
export interface DisconnectedEvent extends SessionFacts {
  /** Whether the user has no other session: now it is gone. False for an anonymous session. */
  readonly isLast: boolean
  /** The WebSocket close code, or what stands for it on other transports. */
  readonly code: number
  readonly reason: string
}

/** A subscription has begun or ended. */
export interface SubscriptionEvent extends SessionFacts {
  /** As the client wrote it; undefined where STOMP 1.0 left it out. */
  readonly id: string | undefined
  /** As the client wrote it. */
  readonly destination: string
}

/**
 * The hooks that look on: told when it has happened, for all sessions, wherever they were added. They cannot refuse; what
 * they throw is logged. The events of one session come in their order; a promise that a hook returns is not waited for.
 */
export interface PresenceHooks {
  /** Behind CONNECTED: what is sent to the session now, comes after it. */
  readonly onConnected: (event: ConnectedEvent) => unknown
  /** The last of a session. Exactly one for each `onConnected`. */
  readonly onDisconnected: (event: DisconnectedEvent) => unknown
  /** The subscription is active: of those to a subscription route only one that a stream has begun to answer is. */
  readonly onSubscribed: (event: SubscriptionEvent) => unknown
  /** By UNSUBSCRIBE, with the session, or with the stream that answers it. Exactly one for each `onSubscribed`, before `onDisconnected`. */
  readonly onUnsubscribed: (event: SubscriptionEvent) => unknown
}
