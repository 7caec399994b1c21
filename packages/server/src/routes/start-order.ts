/**
 * The order in which handlers start that have to wait for their preHandlers: that in which `start` was called for their
 * session. The preHandlers of several frames run side by side; only the start of a handler waits for those before it.
 */
export interface StartOrder {
  /** True while a handler of this session waits: then the next one, too, must go by `start`. */
  isWaiting(sessionId: string): boolean
  /**
   * Calls `run` when `ready` has come and every handler before it was called or refused. Rejects with what `ready` rejects
   * with, and then `run` is never called; otherwise settles as what `run` gives.
   */
  start(sessionId: string, ready: PromiseLike<unknown> | undefined, run: () => unknown): Promise<unknown>
}

/** Makes the order of an application. A session whose handlers do not wait leaves no trace in it. */
export function createStartOrder(): StartOrder {
  /** Of each session that waits: settled when the last of its handlers was called or refused. */
  const tails = new Map<string, Promise<void>>()
  return {
    isWaiting: (sessionId) => tails.size > 0 && tails.has(sessionId),
    async start(sessionId, ready, run) {
      const before = tails.get(sessionId)
      let leave = (): void => {}
      const tail = new Promise<void>((resolve) => {
        leave = resolve
      })
      tails.set(sessionId, tail)
      try {
        try {
          await ready
        } finally {
          await before
        }
        // Not awaited here: the next one may go as soon as this one was called.
        return run()
      } finally {
        leave()
        if (tails.get(sessionId) === tail) tails.delete(sessionId)
      }
    },
  }
}
