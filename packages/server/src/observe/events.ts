/** What the rooms tell about themselves. Listeners only look on: what they throw is never a session's concern. */
export type StompEvent =
  | {
      readonly type: 'session-connected'
      readonly session: string
      readonly user: string | undefined
      readonly version: string
    }
  | { readonly type: 'session-closed'; readonly session: string; readonly code: number; readonly reason: string }
  | {
      readonly type: 'refused'
      readonly session: string
      readonly code: string
      readonly message: string
      readonly cause: unknown
    }
  | {
      readonly type: 'header-left-out'
      readonly destination: string
      readonly header: string
      readonly version: string
    }
  | { readonly type: 'handler-value-dropped'; readonly route: string }
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
  /** What nobody waits for could not be stored: after a crash messages may come again. */
  | { readonly type: 'store-failed'; readonly error: unknown }

/** Takes events; must not throw. */
export type Observe = (event: StompEvent) => void
