import type { ServerResponse } from 'node:http'
import type { Timer, Wheel } from '../../clock/wheel.js'

/** The answers to requests that were passed on, as long as they are not over. */
export interface PassedAnswers {
  /** One has begun, or is over already. */
  add(response: ServerResponse): true
  /** Resolves when all are over; those that are not within `withinMs` are cut. */
  end(withinMs: number): Promise<void>
}

/** Makes an empty list. */
export function createPassedAnswers(wheel: Wheel): PassedAnswers {
  const responses = new Set<ServerResponse>()
  let emptied = (): void => {}
  return {
    add(response) {
      if (response.writableFinished || response.destroyed) return true
      responses.add(response)
      response.once('close', () => {
        responses.delete(response)
        if (responses.size === 0) emptied()
      })
      return true
    },
    async end(withinMs) {
      if (responses.size === 0) return
      let late: Timer | undefined
      await new Promise<void>((resolve) => {
        emptied = resolve
        late = wheel.after(withinMs, resolve)
      })
      late?.cancel()
      for (const response of responses) response.destroy()
    },
  }
}
