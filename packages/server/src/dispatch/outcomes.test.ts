import { createHeaders, type Frame } from '@hoofbeat/codec'
import { expect, it } from 'vitest'
import { StompError } from '../errors.js'
import { createOutcomes } from './outcomes.js'

const FRAME: Frame = { command: 'SEND', headers: createHeaders(), body: new Uint8Array(), text: '' }

/** What the recipient reads of what was thrown. */
function told(thrown: unknown, fallback?: 'STOMP_ERR_FORBIDDEN'): readonly string[] {
  const seen: StompError[] = []
  const outcomes = createOutcomes({
    settled: () => {},
    refused: (_frame, error) => seen.push(error),
    answered: (_frame, error) => seen.push(error),
    failed: (error) => seen.push(error),
  })
  outcomes.refused(FRAME, thrown, fallback)
  const [error] = seen
  return error === undefined ? [] : [error.code, error.message, error.cure]
}

it('passes a refusal on as it is, and makes one of everything else', () => {
  const refusal = new StompError('STOMP_ERR_QUEUE_FULL', { message: "The queue '/queue/a' is full" })
  expect(told(refusal)).toEqual([refusal.code, refusal.message, refusal.cure])
  expect(told(new Error('secret'))).toEqual(told(new StompError('STOMP_ERR_HANDLER_FAILED')))
  expect(told('secret', 'STOMP_ERR_FORBIDDEN')).toEqual(told(new StompError('STOMP_ERR_FORBIDDEN')))
})

it('does not pass on the inner name of a destination, in message or cure', () => {
  const plain = new StompError('STOMP_ERR_QUEUE_FULL')
  expect(told(new StompError('STOMP_ERR_QUEUE_FULL', { message: "The queue '\0temp/id/x' is full" }))).toEqual(
    told(plain),
  )
  expect(told(new StompError('STOMP_ERR_QUEUE_FULL', { cure: 'Purge \0temp/id/x' }))).toEqual(told(plain))
  const cure = 'Wait.'
  expect(told(new StompError('STOMP_ERR_QUEUE_FULL', { message: '\0temp/id/x', cure }))).toEqual([
    plain.code,
    plain.message,
    cure,
  ])
})
