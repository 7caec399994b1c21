import type { StoreChange } from '../../store/message-store.js'
import type { Effect } from './gates.js'

/**
 * One request, checked, with room set aside: what the store must keep for it, which destinations it publishes to, and
 * what then happens. Either `abandon` follows, or `accept` and then exactly one of `apply` and `undo`.
 */
export interface Step extends Effect {
  readonly changes: readonly StoreChange[]
  readonly destinations: readonly string[]
  /** All steps that belong together could be made. Called before anything is stored. */
  accept(): void
  /** Another one could not: gives back what was set aside. */
  abandon(): void
}

/** A step that does nothing. */
export const NO_STEP: Step = {
  changes: [],
  destinations: [],
  accept: () => {},
  abandon: () => {},
  apply: () => {},
  undo: () => {},
}

/** Several steps as one: all of them, or none. */
export function allOf(steps: readonly Step[]): Step {
  const [only] = steps
  if (only !== undefined && steps.length === 1) return only
  const each = (act: (step: Step) => void) => (): void => {
    for (const step of steps) act(step)
  }
  return {
    changes: steps.flatMap((step) => step.changes),
    destinations: [...new Set(steps.flatMap((step) => step.destinations))],
    accept: each((step) => step.accept()),
    abandon: each((step) => step.abandon()),
    apply: each((step) => step.apply()),
    undo: each((step) => step.undo()),
  }
}
