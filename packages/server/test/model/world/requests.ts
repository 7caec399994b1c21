import type { Request } from '../operation.js'
import { attempt, follow } from './outcome.js'
import type { Session } from './sessions.js'
import type { Stage } from './stage.js'
import { translate } from './translation.js'

/** Requests of sessions, and of the application itself. */
export class Requests {
  readonly #stage: Stage
  #lastTag = 0

  constructor(stage: Stage) {
    this.#stage = stage
  }

  /** `session` undefined: the application publishes. */
  ask(session: Session | undefined, requests: readonly Request[], isTransaction: boolean): void {
    const { broker, model } = this.#stage
    const translated = requests.map((each) => translate(session?.model, each, () => `m${++this.#lastTag}`))
    const meant = translated.map(({ meant }) => meant)
    const asked = translated.map(({ asked }) => asked)
    const expected = model.requests.predict(session?.model, meant)
    if (expected !== undefined) {
      model.state.saw(isTransaction && requests.length > 1 ? 'transaction refused' : `refused: ${expected}`)
    }
    const batch = expected === undefined ? model.requests.request(session?.model, meant) : undefined
    this.#stage.unnamed = meant.flatMap((each) => ('send' in each ? [each.tag] : []))
    const { code, settled } = attempt(() => {
      const [only] = asked
      if (isTransaction) return session?.real.commit(asked)
      if (only === undefined) return undefined
      if (session !== undefined) return session.real.handle(only)
      return only.command === 'SEND' ? broker?.publish(only) : undefined
    })
    model.batches.called()
    if (code !== expected) model.state.blame(`${JSON.stringify(requests)}: ${code} instead of ${expected}`)
    if (batch !== undefined && code === undefined) follow(this.#stage, batch, settled)
  }
}

/** Few of the answers are to be to nothing. */
export function isOfUse(session: Session | undefined, request: Request): boolean {
  if (!('answer' in request) || request.pick % 10 === 0) return true
  return session?.model.subscriptions.some(({ held }) => held.length > 0) ?? false
}
