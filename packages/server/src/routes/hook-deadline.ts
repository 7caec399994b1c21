import { StompError } from '../errors.js'

/** Settles as `pending` does, or rejects when that takes too long: what is behind it would wait for ever. */
export type InTime = (pending: PromiseLike<unknown>) => Promise<unknown>

/** What bounds the hooks of routes. */
export interface HookDeadlineParts {
  /** Calls `run` once, after `delayMs`, unless it is cancelled. */
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
  readonly hookTimeoutMs: number
}

/** Makes the deadline of an application's preHandlers. */
export function createHookDeadline({ after, hookTimeoutMs }: HookDeadlineParts): InTime {
  return (pending) =>
    new Promise((resolve, reject) => {
      const deadline = after(hookTimeoutMs, () => {
        const cause = new Error(`A preHandler did not answer within ${hookTimeoutMs} ms`)
        reject(new StompError('STOMP_ERR_HANDLER_FAILED', { cause }))
      })
      const settle =
        <T>(tell: (outcome: T) => void) =>
        (outcome: T): void => {
          deadline.cancel()
          tell(outcome)
        }
      pending.then(settle(resolve), settle(reject))
    })
}
