import type { Settled } from '../../../src/broker/broker.js'
import type { Batch } from '../reference/batches.js'
import type { Stage } from './stage.js'

/** What a call of the broker gives: a code if it throws. */
export function attempt(act: () => Settled): { readonly code?: string | undefined; readonly settled?: Settled } {
  try {
    return { settled: act() }
  } catch (error) {
    return { code: codeOf(error) }
  }
}

/** Sees how a request ends, and tells the model. */
export function follow(
  { model, store }: Stage,
  batch: Batch,
  settled: Promise<unknown> | undefined,
  ended: (code: string | undefined) => void = () => {},
): void {
  if (settled === undefined) return model.outcomes.applied(batch)
  if (batch.isSeen) model.state.blame('something was delivered before its SEND was settled')
  const { refusals } = store
  settled.then(
    () => {
      model.outcomes.settled(batch)
      ended(undefined)
    },
    (error) => {
      const code = codeOf(error)
      const isStore = code === 'STOMP_ERR_STORE_FULL' && store.refusals > refusals
      if (!isStore) model.state.blame(`refused for no reason: ${code}`)
      model.outcomes.refused(batch)
      ended(code)
    },
  )
}

export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error)
}
