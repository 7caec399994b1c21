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

/** Takes events; must not throw. */
export type Observe = (event: StompEvent) => void
