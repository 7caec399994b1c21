import type { Sessions } from './sessions.js'
import type { Stage } from './stage.js'

/** The broker is closed, and opened again over the same store. */
export async function restart(stage: Stage, sessions: Sessions, isDetachedFirst: boolean): Promise<void> {
  stage.model.state.saw('restart')
  const attached = sessions.all()
  if (isDetachedFirst) for (const session of attached) sessions.detach(session)
  const closed = { isDone: false }
  stage.isClosed = true
  for (const { model } of attached) model.isDying = true
  const closing = stage.broker?.close().then(() => {
    closed.isDone = true
  })
  for (let turns = 0; !closed.isDone; turns++) {
    if (turns > 1000) throw new Error('The broker does not close')
    // What has settled takes effect without a turn being waited for.
    stage.model.state.isTurning = true
    await stage.release()
    stage.turn()
  }
  await closing
  stage.check()
  stage.life++
  for (const session of attached) session.real.detach()
  sessions.forget()
  await stage.reopen(undefined)
}

/** The process ends: of what the store has not done yet the first `kept` calls take effect. */
export async function crash(stage: Stage, sessions: Sessions, kept: number): Promise<void> {
  stage.model.state.saw('crash')
  stage.store.crash(kept)
  sessions.forget()
  await stage.reopen(stage.store.durable)
}
