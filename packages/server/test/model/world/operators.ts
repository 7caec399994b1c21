import type { Operation } from '../operation.js'
import { codeOf, follow } from './outcome.js'
import type { Stage } from './stage.js'

/** An operator purges a queue, or moves messages. */
export function administer(stage: Stage, operation: Operation & { readonly op: 'purge' | 'move' }): void {
  const { batches, operators, outcomes, state } = stage.model
  const { admin } = stage.broker ?? {}
  if (admin === undefined) return
  const isMove = operation.op === 'move'
  const planned = isMove
    ? operators.move(operation.from, operation.to, operation.limit ?? Number.POSITIVE_INFINITY)
    : (operators.purge(operation.queue) ?? 'STOMP_ERR_DESTINATION_UNKNOWN')
  const { to, limit } = isMove ? operation : {}
  const options = { ...(to === undefined ? {} : { to }), ...(limit === undefined ? {} : { limit }) }
  const done = isMove ? admin.move(operation.from, options) : admin.purge(operation.queue)
  batches.called()
  const what = JSON.stringify(operation)
  if (typeof planned === 'string') {
    done.then(
      (count) => state.blame(`${what}: done with ${count}, instead of ${planned}`),
      (error) => codeOf(error) !== planned && state.blame(`${what}: ${codeOf(error)} instead of ${planned}`),
    )
    return
  }
  const { count, batch } = planned
  const counted = done.then((number) => {
    if (number !== count) state.blame(`${what}: ${number} instead of ${count}`)
  })
  if (outcomes.isImmediate(batch)) {
    outcomes.applied(batch)
    counted.catch((error) => state.blame(`${what}: ${codeOf(error)}`))
  } else follow(stage, batch, counted)
}
