import type { Observe, StompEvent } from './events.js'

/**
 * Tells each event to all, in their order. What one of them throws reaches neither the others nor the room that told:
 * `failed` is called, once for each of them, so that an observer that always throws does not fill a log.
 */
export function tellAll(observers: readonly Observe[], failed: (error: unknown, event: StompEvent) => void): Observe {
  const hasFailed = new Set<Observe>()
  return (event) => {
    for (const observe of observers) {
      try {
        observe(event)
      } catch (error) {
        if (hasFailed.has(observe)) continue
        hasFailed.add(observe)
        failed(error, event)
      }
    }
  }
}
