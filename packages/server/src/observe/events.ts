/** The session that an event is about. */
interface OfSession {
  readonly session: string
  /** Name of the user; undefined for an anonymous session, and before it is connected. */
  readonly user: string | undefined
}

/**
 * What the rooms tell about themselves. Nothing of a body and no credentials are in an event. Listeners only look on:
 * what they throw is never a session's concern.
 */
export type StompEvent =
  /** CONNECT (or STOMP) came; nothing is known of who it is. */
  | { readonly type: 'connect'; readonly session: string; readonly transport: string }
  /** CONNECTED is written. */
  | (OfSession & {
      readonly type: 'session-connected'
      /** The version of STOMP. */
      readonly version: string
      readonly transport: string
      /** What carries a link or SockJS session just now; undefined on other transports. */
      readonly rung: string | undefined
    })
  /** The connection of a session is gone, whether it ever was connected or not. */
  | (OfSession & {
      readonly type: 'session-closed'
      readonly code: number
      readonly reason: string
      /** True if `session-connected` was told. */
      readonly wasConnected: boolean
    })
  /** The broker serves a subscription. Told only while somebody listens: see `Watch`. */
  | (OfSession & SubscriptionFacts & { readonly type: 'subscribed' })
  /** It has ended, by UNSUBSCRIBE or with its session. Told if `subscribed` was. */
  | (OfSession & SubscriptionFacts & { readonly type: 'unsubscribed' })
  /** A frame, a session, or a request that would have become a session was refused. */
  | {
      readonly type: 'refused'
      /** Undefined before there is a session: by its Origin, by `identify`, or while the server is closing. */
      readonly session: string | undefined
      readonly user: string | undefined
      readonly code: string
      readonly message: string
      readonly cause: unknown
    }
  /** A session is closed because it does not read what it is owed: `refused` with STOMP_ERR_SLOW_READER follows. */
  | (OfSession & {
      readonly type: 'slow-reader'
      readonly transport: string
      /** Bytes that waited for it in the server, beyond what its connection had taken. */
      readonly waitingBytes: number
    })
  /** Nothing was heard of a client in time: `refused` with STOMP_ERR_SILENT follows. */
  | (OfSession & { readonly type: 'heart-beat-lost'; readonly transport: string })
  | {
      readonly type: 'header-left-out'
      readonly destination: string
      readonly header: string
      readonly version: string
    }
  | { readonly type: 'handler-value-dropped'; readonly route: string }
  /** A queue or durable subscription has no room for one more message: its sender is refused. */
  | { readonly type: 'queue-full'; readonly destination: string; readonly depth: number; readonly bytes: number }
  /** A message of a queue or durable subscription is worth nothing any more; it is forgotten. */
  | { readonly type: 'message-expired'; readonly destination: string; readonly messageId: string }
  /** A message came back too often and lies in the dead-letter queue now. */
  | {
      readonly type: 'dead-letter'
      readonly destination: string
      readonly messageId: string
      readonly deliveries: number
    }
  /** A durable subscription has no room: its oldest message is forgotten, and its next one will say so. */
  | {
      readonly type: 'message-dropped'
      readonly destination: string
      /** The name under which operators see it. */
      readonly subscription: string
      readonly messageId: string
    }
  /** A reply came for a session that is gone. */
  | { readonly type: 'reply-dropped'; readonly destination: string }
  /** A broker elsewhere can be reached again, or cannot be reached any more. */
  | { readonly type: 'broker-availability'; readonly isAvailable: boolean }
  /** One connection to it came up or went down; `leg` as in `LegReport`. */
  | {
      readonly type: 'leg-up'
      readonly leg: string
      /** `host:port`. */
      readonly address: string
      /** The header `server` of its CONNECTED. */
      readonly server: string | undefined
    }
  | {
      readonly type: 'leg-down'
      readonly leg: string
      readonly address: string
      /** In words, for the log. */
      readonly reason: string
    }
  /** What nobody waits for could not be stored: after a crash messages may come again. */
  | { readonly type: 'store-failed'; readonly error: unknown }

/** A subscription as its client wrote it. */
interface SubscriptionFacts {
  /** Undefined where STOMP 1.0 left it out. */
  readonly id: string | undefined
  readonly destination: string
}

/** Takes events; must not throw. */
export type Observe = (event: StompEvent) => void

/** For what happens often enough that nothing is made for it unless somebody listens. */
export interface Watch {
  /** True while somebody wants to be told of subscriptions. May change at any time. */
  readonly isOnSubscriptions: boolean
  readonly observe: Observe
}
