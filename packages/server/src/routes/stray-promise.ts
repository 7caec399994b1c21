import { isPromiseLike } from '../hooks/hooks.js'

/** Where a value must come at once and a promise came: nobody will await it, and its rejection must not end the process. */
export function disown(value: unknown): void {
  if (isPromiseLike(value)) value.then(undefined, () => {})
}
