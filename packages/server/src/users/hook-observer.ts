import type { User } from '../hooks/user.js'
import type { Observe } from '../observe/events.js'
import type { EventHooks } from './event-hooks.js'

/** What the hooks are told through. */
export interface HookObserverParts {
  /** May grow until the application is ready. */
  readonly hooks: { readonly [Name in keyof EventHooks]: readonly EventHooks[Name][] }
  /** The user of a session that is connected. */
  readonly userOf: (sessionId: string) => User | undefined
  /** A hook has failed. */
  readonly failed: (error: unknown, hook: keyof EventHooks, sessionId: string | undefined) => void
}

/**
 * Tells events to the application's hooks. They run later than what has happened, in its order, so that what they do
 * finds everything in good order.
 */
export function createHookObserver({ hooks, userOf, failed }: HookObserverParts): Observe {
  const tell = <E>(
    name: keyof EventHooks,
    listening: readonly ((event: E) => unknown)[],
    event: E,
    sessionId: string | undefined,
  ): void => {
    for (const hook of listening) {
      queueMicrotask(async () => {
        try {
          await hook(event)
        } catch (error) {
          failed(error, name, sessionId)
        }
      })
    }
  }
  return (event) => {
    switch (event.type) {
      case 'connect': {
        const { session, transport } = event
        if (hooks.onConnect.length > 0) tell('onConnect', hooks.onConnect, { sessionId: session, transport }, session)
        return
      }
      case 'refused': {
        if (hooks.onRefused.length === 0) return
        const { session, code, message, cause } = event
        const user = session === undefined ? undefined : userOf(session)
        return tell('onRefused', hooks.onRefused, { sessionId: session, user, code, message, cause }, session)
      }
      case 'slow-reader': {
        if (hooks.onSlowReader.length === 0) return
        const { session, transport, waitingBytes } = event
        const user = userOf(session)
        return tell('onSlowReader', hooks.onSlowReader, { sessionId: session, user, transport, waitingBytes }, session)
      }
      case 'broker-availability': {
        const { isAvailable } = event
        return tell('onBrokerAvailability', hooks.onBrokerAvailability, { isAvailable }, undefined)
      }
    }
  }
}
